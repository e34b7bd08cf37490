// Keeps the page for visits without a network. The parts of codecs are kept by the library itself.

const SHELL = $shell; // version and files, written by `aecodec web`
const PREFIX = "aecodec-page-";
const name = PREFIX + SHELL.version;

addEventListener("install", (event) => {
  const requests = SHELL.files.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(requests)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const removeOthers = async () => {
    const old = (await caches.keys()).filter((key) => key.startsWith(PREFIX) && key !== name);
    await Promise.all(old.map((key) => caches.delete(key)));
    await clients.claim();
  };
  event.waitUntil(removeOthers());
});

addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const answer = async () =>
    (await (await caches.open(name)).match(event.request, { ignoreSearch: true })) ?? fetch(event.request);
  event.respondWith(answer());
});
