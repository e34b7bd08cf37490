// What the page draws, and what its controls tell. It knows no codec.

import { UsageError } from "./aecodec/errors.js";

const PACKET = 237; // bytes: one LoRa packet
const EMPTY = "–";

const find = (selector) => document.querySelector(selector);
const [stage, progressBar] = ["#stage", "#progress"].map(find);
let working = 0;

const grouped = (number) => Math.round(number).toLocaleString("en");
const decibels = (psnr) => (Number.isFinite(psnr) ? psnr.toFixed(1) : "∞");

// ---- state of the page

/** Say what went wrong; nothing, if the text is empty. */
export function tell(text) {
  find("#message").hidden = !text;
  find("#message").textContent = text;
}

/** Some work begins, or ends. */
export function busy(isBusy) {
  working += isBusy ? 1 : -1;
  progressBar.classList.toggle("busy", working > 0);
  progressBar.ariaHidden = !working;
  find("#look").ariaBusy = working > 0;
  if (!working) progress({ done: 0, of: 1 });
}

/** How much of the work or, of a network, of the download is done. */
export function progress({ done, of, isDownload }, network = "decoder") {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const all = of > done ? ` of ${megabytes(of)}` : ""; // which hosts that compress do not say
  const tag = find("#download-tag");
  tag.hidden = !isDownload;
  tag.textContent = isDownload ? `Downloading the ${network}: ${megabytes(done)}${all} MB` : "";
  progressBar.style.setProperty("--done", Math.max(done / of, 0.04));
  progressBar.ariaValueNow = Math.round((100 * done) / of);
  progressBar.ariaValueText = tag.textContent || `${progressBar.ariaValueNow} %`;
}

// ---- the picture

function draw(side, picture, title) {
  const canvas = stage.querySelector(`.${side}`);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.ariaLabel = `${find("#name").textContent}: ${title}`;
}

// state: "waiting" for its file, or "alone" without an original.
function showFrame(name, picture, state, about = "") {
  find("#name").textContent = find("#name").title = name;
  find("#about").textContent = sizeText(picture) + about;
  stage.style.setProperty("--ratio", picture.width / picture.height);
  stage.className = state;
  stage.classList.toggle("enlarged", Math.max(picture.width, picture.height) < 256);
  document.body.classList.toggle("viewing", state === "alone");
}

function sizeText({ width, height, source }) {
  const size = (picture) => `${grouped(picture.width)} × ${grouped(picture.height)}`;
  const reduced = source && source.width !== width ? `, reduced from ${size(source)}` : "";
  const depth = source?.bits > 8 ? `, converted from ${source.bits} to 8 bits` : "";
  return `${size({ width, height })} pixels${reduced}${depth}`;
}

/** A new picture, whose file is still to come. */
export function open(name, picture) {
  showFrame(name, picture, "waiting");
  draw("left", picture, "original");
  find("#bytes").textContent = EMPTY;
  find("#rate").textContent = "";
  allowSaving(false);
  clearRows();
}

/** What the slider has on its right. */
export function showRight({ picture }, title) {
  draw("right", picture, title === "aecodec" ? "decoded" : title);
  find(".right-tag").textContent = title;
  find("#split").ariaLabel = `How much of the original (left) to show over ${title} (right)`;
  stage.classList.remove("waiting");
}

/** A file that was opened: there is no original to compare it with. */
export function openAlone(name, { frames, hasSamples, mode, level, id }, { blob, picture }, codec) {
  showFrame(name, picture, "alone", frames > 1 ? `, the first of ${grouped(frames)}` : "");
  draw("right", picture, "decoded");
  const known = level ?? codec?.defaultLevel;
  const rest = `codec ${codec?.name ?? id}${known ? `, level ${known}` : ""}`;
  showBytes(blob.size, picture, hasSamples ? 0 : mode.length, rest);
}

// ---- the file

function showBytes(bytes, { width, height }, channels, rest) {
  find("#bytes").textContent = grouped(bytes);
  const bits = Number(((8 * bytes) / (width * height)).toPrecision(2));
  const times = Math.round((width * height * channels) / bytes);
  const part = times > 1 ? `, 1/${grouped(times)} of the raw pixels` : "";
  find("#rate").textContent = `bytes: ${bits} bits per pixel, ${rest}${part}`;
  allowSaving(true);
}

function allowSaving(isAllowed) {
  for (const id of ["#download", "#save"]) find(id).disabled = !isAllowed;
}

/** A file, and its level if that was chosen. */
export function showFile(file, level) {
  const { blob, picture, psnr, channels } = file;
  const quality = `${decibels(psnr)} dB`;
  showBytes(blob.size, picture, channels, level ? `level ${level}, ${quality}` : quality);
  if (level) find("#level").ariaValueText = `${level}: ${grouped(blob.size)} bytes, ${quality}`;
  showRow("aecodec", file);
}

/** What a format weighs and is worth; undefined, if the browser does not write it. */
export function showRow(title, file) {
  const input = find(`[value="${title}"]`);
  const [, bytes, quality] = input.closest("tr").cells;
  input.disabled = !file;
  if (!file) return;
  bytes.textContent = grouped(file.blob.size);
  quality.textContent = decibels(file.psnr);
}

export function clearRows() {
  for (const cell of document.querySelectorAll("#formats td")) cell.textContent = EMPTY;
}

// ---- what controls tell

/** The levels that a codec has. */
export function allow({ levels, defaultLevel }) {
  Object.assign(find("#level"), { max: levels, value: defaultLevel });
}

/** What a file has to meet: { level }, { maxBytes } or { maxError }. */
export function choice() {
  const [level, error] = ["#level", "#max-error"].map(find);
  const target = find("[name=target]:checked").value;
  if (target === "packet") return { maxBytes: PACKET };
  if (target === "level") return { level: level.valueAsNumber };
  if (error.checkValidity()) return { maxError: error.valueAsNumber };
  throw new UsageError("The maximum error must be a whole number of grey levels from 0 to 255");
}

/** The format that is shown on the right. */
export function shown() {
  return find("[name=right]:checked").value;
}

/** Call `use` after each change of the settings or the format. A value selects its target. */
export function onChange(use) {
  find("#file").addEventListener("change", ({ target }) => {
    const radio = target.closest(".target")?.querySelector("[type=radio]");
    if (radio) radio.checked = true;
    use();
  });
}

export function onClick(button, use) {
  find(button).addEventListener("click", use);
}

/** Save a file under the name of the picture. */
export function save(blob, ending) {
  const name = find("#name").textContent.replace(/\.\w+$/, "") || "picture";
  const link = document.createElement("a");
  Object.assign(link, { href: URL.createObjectURL(blob), download: `${name}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Call `use` with each file that a person opens. */
export function onOpen(use) {
  const openFirst = ({ files }) => files[0] && use(files[0]);
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
