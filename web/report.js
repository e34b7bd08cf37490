// The page with results inside: pictures that were measured before. It follows view.js.

const results = JSON.parse(find("#results").textContent);
let images = []; // of the picture shown: the original, then a picture for each format
let right = results.formats[0];
let newest = 0;

async function pixelsOf({ src }) {
  const image = Object.assign(new Image(), { src });
  await image.decode();
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}

function showChosen() {
  showRight(images[1 + results.formats.indexOf(right)], right);
}

function showFigures({ files, size: [width, height], channels }) {
  showFile(files[0], { original: { width, height }, codec: { channels } });
  for (const { format, ...file } of files) {
    if (file.bytes) showRow(format, { ...file, likeness: file.ms_ssim ?? NaN });
  }
}

async function openPicture(picture) {
  const number = ++newest;
  busy(true);
  const loaded = await Promise.all([picture.original, ...picture.files.map((file) => file.shown)].map(pixelsOf));
  if (number !== newest) return;
  images = loaded;
  open({ name: picture.name, picture: images[0], codec: { levels: 0 }, level: 0, target: "level" });
  find("#about").textContent = picture.about;
  showFigures(picture);
  showChosen();
  busy(false);
}

onRight((title) => {
  right = title;
  showChosen();
});
listenToSamples(results.pictures, openPicture);
openPicture(results.pictures[0]);
