// What the page draws, and what its controls tell. It knows no codec.

const find = (selector) => document.querySelector(selector);
const stage = find("#stage");
const progressBar = find("#progress");
const rows = {}; // of the table of formats, by title
for (const row of document.querySelectorAll("#formats tbody tr")) {
  const [head, ...cells] = row.cells;
  const input = head.querySelector("input");
  rows[input.value] = { input, cells };
}
let split;
let columns = []; // of the levels

function make(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

function grouped(number) {
  return Math.round(number).toLocaleString("en");
}

function inShort(bytes) {
  if (bytes < 1000) return String(bytes);
  const [value, unit] = bytes < 999_500 ? [bytes / 1000, "k"] : [bytes / 1e6, "M"];
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
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

export function busy(isBusy) {
  progressBar.classList.toggle("busy", isBusy);
  progressBar.setAttribute("aria-hidden", String(!isBusy));
  progressBar.style.removeProperty("--done");
  progressBar.removeAttribute("aria-valuenow");
  find("#look").setAttribute("aria-busy", String(isBusy));
}

export function progress({ done, of }) {
  progressBar.style.setProperty("--done", Math.max(done / of, 0.04));
  progressBar.setAttribute("aria-valuenow", Math.round((100 * done) / of));
}

// ---- the picture

// A slider that shows more or less of the left one of two pictures on top of each other.
class Split {
  constructor(stage, slider) {
    this.stage = stage;
    this.slider = slider;
    slider.addEventListener("input", () => this.move());
    this.listenToPointer();
    this.move();
  }

  describe(left, right) {
    this.slider.setAttribute("aria-label", `How much is shown of ${left}, left, over ${right}, right`);
  }

  move() {
    this.stage.style.setProperty("--split", `${this.slider.value}%`);
    this.slider.setAttribute("aria-valuetext", `${this.slider.value} %`);
  }

  // A mouse or a finger on the picture moves the slider as well.
  listenToPointer() {
    const follow = (event) => {
      const box = this.stage.getBoundingClientRect();
      this.slider.value = String((100 * (event.clientX - box.left)) / box.width);
      this.move();
    };
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.setPointerCapture(event.pointerId);
      follow(event);
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (this.stage.hasPointerCapture(event.pointerId)) follow(event);
    });
  }
}

function draw(side, picture, title) {
  const canvas = stage.querySelector(`.${side}`);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.setAttribute("aria-label", `${find("#name").textContent}: ${title}`);
}

function showFrame({ name, picture }) {
  split ??= new Split(stage, find("#split"));
  find("#name").textContent = find("#name").title = name;
  stage.style.setProperty("--ratio", picture.width / picture.height);
  stage.classList.toggle("enlarged", Math.max(picture.width, picture.height) < 256);
}

function sizeText({ width, height, source }) {
  const isReduced = source && source.width !== width;
  return `${grouped(width)} × ${grouped(height)} pixels${isReduced ? `, reduced from ${grouped(source.width)} × ${grouped(source.height)}` : ""}`;
}

/** A new picture, whose file is still to come. */
export function open({ name, picture, codec, level, target }) {
  document.body.classList.remove("viewing");
  showFrame({ name, picture });
  find("#about").textContent = sizeText(picture);
  stage.classList.remove("alone", "shown");
  draw("left", picture, "original");
  find("#bytes").textContent = "–";
  find("#rate").textContent = "";
  allowSaving(false);
  setUpLevels(codec.levels, level);
  showTarget(target);
  clearRows();
}

/** What the slider has on its right. */
export function showRight(picture, title) {
  draw("right", picture, title === "aecodec" ? "decoded" : title);
  stage.querySelector(".right-tag").textContent = title;
  stage.classList.add("shown");
  split.describe("the original", title);
}

/** A file that was opened: there is no original to compare it with. */
export function openAlone({ name, header, file, picture, codec }) {
  document.body.classList.add("viewing");
  showFrame({ name, picture });
  find("#about").textContent = sizeText(picture) + (header.frames > 1 ? `, the first of ${grouped(header.frames)}` : "");
  stage.classList.add("alone");
  draw("right", picture, "decoded");
  stage.classList.add("shown");
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

export function showFile({ bytes, psnr }, { original, codec }) {
  showBytes(bytes, original, codec.channels, `${shownPsnr(psnr)} dB`);
}

// ---- levels

function setUpLevels(count, level) {
  const slider = find("#level");
  slider.max = count;
  slider.value = level;
  slider.style.setProperty("--count", count);
  columns = Array.from({ length: count }, (_, index) => {
    const item = make("li");
    item.append(make("span", "", "bytes"), make("span", "", "bar"), make("span", "", "quality"));
    item.addEventListener("click", () => choose(index + 1));
    return { item };
  });
  find("#levels").replaceChildren(...columns.map(({ item }) => item));
}

function choose(level) {
  const slider = find("#level");
  slider.value = level;
  slider.dispatchEvent(new Event("input"));
}

/** What the file of a level weighs and is worth. */
export function showLevel(level, { bytes, psnr }, { isChosen = true } = {}) {
  const column = columns[level - 1];
  column.bytes = bytes;
  column.item.querySelector(".bytes").textContent = inShort(bytes);
  column.item.querySelector(".quality").textContent = shownPsnr(psnr);
  const most = Math.max(...columns.map(({ bytes: size }) => size ?? 0));
  for (const shown of columns) {
    shown.item.style.setProperty("--share", (shown.bytes ?? 0) / most);
    if (isChosen) shown.item.classList.toggle("chosen", shown === column);
  }
  if (isChosen) find("#level").setAttribute("aria-valuetext", `${level}: ${grouped(bytes)} bytes, ${shownPsnr(psnr)} dB`);
}

/** What a file has to meet: "level", "packet" or "error". */
export function showTarget(target) {
  find("#packet").checked = target === "packet";
  find("#bounded").checked = target === "error";
  find("#settings").classList.toggle("without-level", target !== "level");
  if (target !== "level") columns.forEach(({ item }) => item.classList.remove("chosen"));
}

// ---- the table of formats

/** What a format weighs and is worth; undefined, if the browser does not write it. */
export function showRow(title, file) {
  const { input, cells } = rows[title];
  input.disabled = !file;
  if (!file) return;
  const texts = [grouped(file.bytes), shownPsnr(file.psnr)];
  texts.forEach((text, number) => { cells[number].textContent = text; });
}

function clearRows() {
  for (const { cells } of Object.values(rows)) cells.forEach((cell) => { cell.textContent = "–"; });
}

// ---- what controls tell

export function onLevel(use) {
  const slider = find("#level");
  slider.addEventListener("input", () => use(Number(slider.value)));
}

export function onTarget(use) {
  const [packet, bounded, error] = ["#packet", "#bounded", "#max-error"].map(find);
  const change = (target) => {
    showTarget(target);
    use(target, Math.max(0, error.valueAsNumber || 0));
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
      const link = Object.assign(make("a"), { href: URL.createObjectURL(blob), download: name });
      link.click();
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
