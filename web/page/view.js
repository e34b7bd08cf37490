// What the page draws, and what its controls tell. It knows no codec.

const find = (selector) => document.querySelector(selector);
const stage = find("#stage");
const progressBar = find("#progress");
let working = 0;

function grouped(number) {
  return Math.round(number).toLocaleString("en");
}

function shownPsnr(psnr) {
  return Number.isFinite(psnr) ? psnr.toFixed(1) : "∞";
}

// ---- state of the page

/** Say what went wrong; nothing, if the text is empty. */
export function tell(text) {
  const message = find("#message");
  message.hidden = !text;
  message.textContent = text;
}

/** Some work begins, or ends. */
export function busy(isBusy) {
  working += isBusy ? 1 : -1;
  progressBar.classList.toggle("busy", working > 0);
  progressBar.setAttribute("aria-hidden", String(!working));
  find("#look").setAttribute("aria-busy", String(working > 0));
  if (!working) progress({ done: 0, of: 1 });
}

/** How much of the work or, of a network such as the decoder, of the download is done. */
export function progress({ done, of, isDownload }, network) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const all = of > done ? ` of ${megabytes(of)}` : ""; // which hosts that compress do not say
  const tag = find("#download-tag");
  tag.hidden = !isDownload;
  tag.textContent = isDownload ? `Downloading the ${network}, ${megabytes(done)}${all} MB` : "";
  progressBar.style.setProperty("--done", Math.max(done / of, 0.04));
  progressBar.setAttribute("aria-valuenow", Math.round((100 * done) / of));
  progressBar.setAttribute("aria-valuetext", tag.textContent || `${Math.round((100 * done) / of)} %`);
}

// ---- the picture

function draw(side, picture, title) {
  const canvas = stage.querySelector(`.${side}`);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.setAttribute("aria-label", `${find("#name").textContent}: ${title}`);
}

function showFrame(name, picture, about) {
  find("#name").textContent = find("#name").title = name;
  find("#about").textContent = sizeText(picture) + about;
  stage.style.setProperty("--ratio", picture.width / picture.height);
  stage.classList.toggle("enlarged", Math.max(picture.width, picture.height) < 256);
  stage.classList.add("shown");
}

function sizeText({ width, height, source }) {
  const size = (picture) => `${grouped(picture.width)} × ${grouped(picture.height)}`;
  const isReduced = source && source.width !== width;
  const depth = source?.bits > 8 ? `, ${source.bits} bits reduced to 8` : "";
  return `${size({ width, height })} pixels${isReduced ? `, reduced from ${size(source)}` : ""}${depth}`;
}

/** A new picture, whose file is still to come. */
export function open({ name, picture }) {
  document.body.classList.remove("viewing");
  showFrame(name, picture, "");
  stage.classList.remove("alone");
  stage.classList.add("waiting");
  draw("left", picture, "original");
  find("#bytes").textContent = "–";
  find("#rate").textContent = "";
  allowSaving(false);
  clearRows();
}

/** What the slider has on its right. */
export function showRight(picture, title) {
  draw("right", picture, title === "aecodec" ? "decoded" : title);
  stage.querySelector(".right-tag").textContent = title;
  stage.classList.remove("waiting");
  find("#split").setAttribute("aria-label", `How much is shown of the original, left, over ${title}, right`);
}

/** A file that was opened: there is no original to compare it with. */
export function openAlone({ name, header, file, picture, codec }) {
  document.body.classList.add("viewing");
  showFrame(name, picture, header.frames > 1 ? `, the first of ${grouped(header.frames)}` : "");
  stage.classList.remove("waiting");
  stage.classList.add("alone");
  draw("right", picture, "decoded");
  const level = header.level ?? codec?.defaultLevel;
  showBytes(file.size, picture, header.hasSamples ? 0 : header.mode.length, `codec ${codec?.name ?? header.id}${level ? `, level ${level}` : ""}`);
}

// ---- the file

function showBytes(bytes, { width, height }, channels, rest) {
  find("#bytes").textContent = grouped(bytes);
  const times = Math.round((width * height * channels) / bytes);
  const part = times > 1 ? `, 1/${grouped(times)} of the raw pixels` : "";
  find("#rate").textContent = `bytes: ${Number(((8 * bytes) / (width * height)).toPrecision(2))} bits per pixel, ${rest}${part}`;
  allowSaving(true);
}

function allowSaving(isAllowed) {
  for (const id of ["#download", "#save"]) find(id).disabled = !isAllowed;
}

export function showFile({ bytes, psnr, channels }, original, level) {
  showBytes(bytes, original, channels, `${level ? `level ${level}, ` : ""}${shownPsnr(psnr)} dB`);
  const value = `${level}: ${grouped(bytes)} bytes, ${shownPsnr(psnr)} dB`;
  if (level) find("#level").setAttribute("aria-valuetext", value);
}

/** The levels that a codec has, and what is chosen. */
export function allow(levels, { level, target }) {
  Object.assign(find("#level"), { max: levels, value: level });
  showTarget(target);
}

// What a file has to meet: "level", "packet" or "error".
function showTarget(target) {
  find("#packet").checked = target === "packet";
  find("#bounded").checked = target === "error";
  find("#level").classList.toggle("unused", target !== "level");
}

// ---- the table of formats

/** What a format weighs and is worth; undefined, if the browser does not write it. */
export function showRow(title, file) {
  const input = find(`[value="${title}"]`);
  const [, bytes, quality] = input.closest("tr").cells;
  input.disabled = !file;
  if (!file) return;
  bytes.textContent = grouped(file.bytes);
  quality.textContent = shownPsnr(file.psnr);
}

export function clearRows() {
  for (const cell of document.querySelectorAll("#formats td")) cell.textContent = "–";
}

// ---- what controls tell

export function onLevel(use) {
  const slider = find("#level");
  slider.addEventListener("change", () => {
    showTarget("level");
    use(Number(slider.value));
  });
}

export function onTarget(use) {
  const [packet, bounded, error] = ["#packet", "#bounded", "#max-error"].map(find);
  const change = (target) => {
    showTarget(target);
    const isRejected = target === "error" && !error.checkValidity();
    error.setAttribute("aria-invalid", String(isRejected));
    if (isRejected) tell("A maximum error is a whole number of grey levels from 0 to 255");
    else use(target, error.valueAsNumber);
  };
  packet.addEventListener("change", () => change(packet.checked ? "packet" : "level"));
  bounded.addEventListener("change", () => change(bounded.checked ? "error" : "level"));
  error.addEventListener("change", () => change("error"));
}

export function onRight(use) {
  find("#formats").addEventListener("change", ({ target }) => use(target.value));
}

/** A file is saved when a button is pressed: `use` gives a blob and its name. */
export function onSave(use) {
  for (const [id, kind] of [["#download", "aec"], ["#save", "png"]]) {
    find(id).addEventListener("click", async () => {
      const [blob, name] = await use(kind);
      const link = document.createElement("a");
      Object.assign(link, { href: URL.createObjectURL(blob), download: name }).click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  }
}

/** Call `open` with each file that a person opens. */
export function listenToOpening(open) {
  const openFirst = ({ files }) => files[0] && open(files[0]);
  const input = find("#choose");
  input.addEventListener("change", () => {
    openFirst(input);
    input.value = ""; // so that the same file can be chosen again
  });
  addEventListener("paste", ({ clipboardData }) => openFirst(clipboardData));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    openFirst(event.dataTransfer);
  });
}

// An unseen slider over the pictures moves the border between them.
find("#split").addEventListener("input", ({ target }) => {
  stage.style.setProperty("--split", `${target.value}%`);
});
