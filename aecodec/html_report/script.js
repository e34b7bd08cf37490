const data = JSON.parse(document.getElementById("data").textContent);
const ORIGINAL = "Original";
const formats = data.pictures[0].files.map((file) => file.format);
const GAIN = 8; // of the difference, as the style sheet has it
const USUAL_SIDE = 480; // to which small pictures are enlarged, by whole numbers

const MEASURES = {
  ssimulacra2: { title: "SSIMULACRA2", column: "SSIMU\u00adLACRA2", digits: 1 },
  ms_ssim: { title: "MS-SSIM", column: "MS-SSIM", digits: 4 },
  psnr: { title: "PSNR", column: "PSNR", digits: 2 },
};

// ---- small helpers

function make(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

function draw(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function setText(id, text) {
  document.getElementById(id).textContent = text;
}

function grouped(number) {
  return Math.round(number).toLocaleString("en");
}

// A PSNR that is not finite is that of a picture without any error; other measures are absent.
function shownValue(measure, value) {
  if (value === null || value === undefined) return measure === "psnr" ? "∞" : "–";
  return value.toFixed(MEASURES[measure].digits);
}

function comparable(measure, value) {
  if (value === null || value === undefined) return measure === "psnr" ? Infinity : NaN;
  return value;
}

function swatch(format) {
  return make("span", "", `swatch format-${formats.indexOf(format)}`);
}

function fillSelect(select, options, chosen) {
  for (const [value, text] of options) {
    const option = make("option", text);
    option.value = value;
    select.append(option);
  }
  select.value = chosen;
}

// A table of rows about formats; a column is {title, text}, and {of} too if its best is marked.
function fillTable(table, rows, columns) {
  const head = make("tr");
  for (const column of ["Format", ...columns.map((each) => each.title)]) {
    const cell = make("th", column);
    cell.scope = "col";
    head.append(cell);
  }
  table.replaceChildren(head);
  const best = columns.map(({ of }) => (of ? Math.max(...rows.map(of).filter((value) => !Number.isNaN(value))) : NaN));
  for (const row of rows) {
    const line = make("tr");
    line.dataset.format = row.format;
    const first = make("td");
    first.append(swatch(row.format), row.format);
    line.append(first);
    columns.forEach((column, number) => {
      const isBest = column.of && rows.length > 1 && column.of(row) === best[number];
      line.append(make("td", column.text(row), isBest ? "best" : ""));
    });
    table.append(line);
  }
}

function measureColumns(rows) {
  const measured = Object.keys(MEASURES).filter(
    (name) => name === "psnr" || rows.some((row) => row[name] !== null && row[name] !== undefined),
  );
  const qualities = measured.reverse().map((name) => ({
    title: MEASURES[name].column,
    of: (row) => comparable(name, row[name]),
    text: (row) => shownValue(name, row[name]),
  }));
  return [
    { title: "Bytes", text: (row) => grouped(row.bytes) },
    { title: "bpp", text: (row) => row.bpp.toFixed(3) },
    ...qualities,
  ];
}

// ---- head

function writeHead() {
  const count = data.measured === 1 ? "1 picture" : `${grouped(data.measured)} pictures`;
  document.title = `aecodec report: ${data.title}`;
  setText("subject", `${data.title}: ${count}. Codec ${data.codec}, pictures at level ${data.level}. aecodec ${data.version}.`);
  const list = document.getElementById("missing");
  list.append(...data.missing.map((text) => make("li", text)));
  list.hidden = !data.missing.length;
}

// ---- the table of formats

function meanOver(format) {
  const files = data.pictures.map((picture) => picture.files[formats.indexOf(format)]);
  const mean = (of) => files.reduce((sum, file) => sum + of(file), 0) / files.length;
  const row = { format, bytes: mean((file) => file.bytes), bpp: mean((file) => file.bpp) };
  for (const name of Object.keys(MEASURES)) {
    const value = mean((file) => comparable(name, file[name]));
    row[name] = Number.isFinite(value) ? value : null;
  }
  return row;
}

function writeFormats() {
  const shown = data.pictures.length;
  const which = shown === data.measured ? "" : `, the ${shown} worst of ${grouped(data.measured)}`;
  setText("formats-text", `Means of the pictures below${which}. Files of other formats are those of the lowest quality that makes them no smaller than aecodec's. All files are of the picture alone: in sRGB, without alpha and metadata.`);
  const rows = formats.map(meanOver);
  fillTable(document.getElementById("formats"), rows, measureColumns(rows));
}

// ---- curves

const CHART = { width: 380, height: 280, left: 44, right: 12, top: 30, bottom: 40 };

const AXES = {
  psnr: { title: "PSNR, dB", of: (value) => value },
  ms_ssim: { title: "MS-SSIM, dB: −10 log₁₀(1 − MS-SSIM)", of: (value) => -10 * Math.log10(1 - value) },
  ssimulacra2: { title: "SSIMULACRA2", of: (value) => value },
};

function pointsOf(measure) {
  return data.curves
    .filter((point) => point[measure] !== null && point[measure] !== undefined)
    .map((point) => ({ ...point, x: Math.log2(point.bpp), y: AXES[measure].of(point[measure]) }))
    .filter((point) => Number.isFinite(point.y));
}

// Where the codec's own curve lies, with room around it; others are cut off at the edges.
function rangeOf(points, key, margin) {
  const ours = points.filter((point) => point.format === formats[0]).map((point) => point[key]);
  const [low, high] = [Math.min(...ours), Math.max(...ours)];
  const room = margin(high - low);
  return [low - room, high + room];
}

function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) found.push(tick);
  return found;
}

function chart(measure) {
  const points = pointsOf(measure);
  const [x0, x1] = rangeOf(points, "x", () => 0.5);
  const [y0, y1] = rangeOf(points, "y", (length) => Math.max(0.25 * length, 0.5));
  const { width, height, left, right, top, bottom } = CHART;
  const x = (value) => left + ((value - x0) / (x1 - x0)) * (width - left - right);
  const y = (value) => height - bottom - ((value - y0) / (y1 - y0)) * (height - top - bottom);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${AXES[measure].title} over bits per pixel` });
  svg.append(draw("text", { x: 4, y: 16, class: "title" }, AXES[measure].title));
  for (const tick of ticks(y0, y1, 8)) {
    svg.append(draw("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(draw("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(Number(tick.toFixed(3)))));
  }
  for (let power = Math.ceil(x0); power <= x1; power += 1) {
    svg.append(draw("line", { x1: x(power), x2: x(power), y1: top, y2: height - bottom, class: "grid" }));
    svg.append(draw("text", { x: x(power), y: height - bottom + 16, "text-anchor": "middle" }, String(Number((2 ** power).toPrecision(3)))));
  }
  svg.append(draw("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "bits per pixel"));
  const clip = `clip-${measure}`;
  const area = draw("clipPath", { id: clip });
  area.append(draw("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom }));
  const lines = draw("g", { "clip-path": `url(#${clip})` });
  formats.map((_, number) => number).reverse().forEach((number) => {
    const own = points.filter((point) => point.format === formats[number]);
    lines.append(draw("polyline", { class: `format-${number}`, points: own.map((point) => `${x(point.x)},${y(point.y)}`).join(" ") }));
    for (const point of own) {
      const mark = draw("circle", { class: `format-${number}`, cx: x(point.x), cy: y(point.y), r: number ? 2.5 : point.setting === `level ${data.level}` ? 6 : 3.5 });
      mark.append(draw("title", {}, `${point.format}, ${point.setting}: ${point.bpp.toFixed(3)} bpp, ${point[measure].toFixed(MEASURES[measure].digits)}`));
      lines.append(mark);
    }
  });
  svg.append(area, lines);
  return svg;
}

function writeCurves() {
  const measures = Object.keys(AXES).filter((measure) => pointsOf(measure).some((point) => point.format === formats[0]));
  const what = data.measured === 1 ? "The picture" : `Means over all ${grouped(data.measured)} pictures`;
  setText("curves-text", `${what}: PSNR of the mean squared error, means of the other measures; bits per pixel on a logarithmic scale. Higher and further to the left is better. The large dot is the level of the pictures below.`);
  for (const format of formats) {
    const item = make("li");
    item.append(swatch(format), format);
    document.getElementById("legend").append(item);
  }
  document.getElementById("curves").append(...measures.map(chart));
  const table = document.getElementById("points");
  const setting = { title: "Setting", text: (row) => row.setting };
  const columns = measureColumns(data.curves).map(({ title, text }) => ({ title, text }));
  fillTable(table, data.curves, [setting, ...columns]);
}

// ---- pictures

const LEADS = "lead";

function orders() {
  const measured = Object.keys(MEASURES).filter((name) => data.pictures.every((picture) => name === "psnr" || picture.files[0][name] !== null));
  const byMeasure = measured.map((name) => [name, `${MEASURES[name].title}, worst first`]);
  const byLead = formats.length > 1 ? [[LEADS, `${MEASURES[data.ranked_by].title} behind others, most first`]] : [];
  return [...byMeasure, ...byLead, ["bpp", "bits per pixel, most first"], ["name", "name"]];
}

function lead(picture) {
  const [ours, ...others] = picture.files.map((file) => comparable(data.ranked_by, file[data.ranked_by]));
  return ours === Math.max(...others) ? 0 : ours - Math.max(...others);
}

function sorted(order) {
  const key = {
    name: null,
    bpp: (picture) => -picture.files[0].bpp,
    [LEADS]: lead,
  };
  const value = order in key ? key[order] : (picture) => comparable(order, picture.files[0][order]);
  const numbers = data.pictures.map((_, number) => number);
  const compare = (one, other) => (one === other ? 0 : one < other ? -1 : 1);
  if (!value) {
    const collator = new Intl.Collator("en", { numeric: true });
    return numbers.sort((a, b) => collator.compare(data.pictures[a].name, data.pictures[b].name));
  }
  return numbers.sort((a, b) => compare(value(data.pictures[a]), value(data.pictures[b])) || a - b);
}

function shownOf(picture, title) {
  return title === ORIGINAL ? picture.original : picture.files[formats.indexOf(title)].shown;
}

function captionOf(picture, left, right) {
  const absolute = `Difference of ${left} and ${right}, ${GAIN}-fold: black is none.`;
  const inexact = [left, right].filter((title) => shownOf(picture, title).psnr !== null);
  const kept = inexact.map((title) => `${title} at ${shownOf(picture, title).psnr.toFixed(1)} dB`);
  return kept.length ? `${absolute} Embedded: ${kept.join(", ")}.` : `${absolute} Both are shown exactly.`;
}

function sizeText(picture) {
  const [width, height] = picture.size;
  const [left, top, shownWidth, shownHeight] = picture.part;
  const whole = `${width}×${height}, ${grouped(picture.source_bytes)} bytes in the data set`;
  const isWhole = width === shownWidth && height === shownHeight;
  return isWhole ? whole : `${whole}; shown: ${shownWidth}×${shownHeight} from (${left}, ${top})`;
}

class Card {
  constructor(picture) {
    this.picture = picture;
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    this.stage = this.find(".stage");
    this.split = new Split(this.stage, this.find(".split"));
    this.find(".name").textContent = picture.name;
    this.find(".size").textContent = sizeText(picture);
    fillTable(this.find(".files"), picture.files, measureColumns(picture.files));
    const choices = [ORIGINAL, ...formats].map((title) => [title, title]);
    fillSelect(this.find(".choose-left"), choices, ORIGINAL);
    fillSelect(this.find(".choose-right"), choices, formats[0]);
    this.find(".sides").addEventListener("change", () => this.show());
    this.zoom("fit");
    this.show();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  choose(side, title) {
    this.find(`.choose-${side}`).value = title;
    this.show();
  }

  show() {
    const titles = ["left", "right"].map((side) => this.find(`.choose-${side}`).value);
    ["left", "right"].forEach((side, number) => {
      const { src } = shownOf(this.picture, titles[number]);
      for (const image of this.element.querySelectorAll(`img.${side}`)) {
        image.src = src;
        image.alt = `${this.picture.name}: ${titles[number]}`;
      }
      this.find(`.${side}-tag`).textContent = titles[number];
    });
    this.find("figcaption").textContent = captionOf(this.picture, ...titles);
    this.split.describe(...titles);
    for (const row of this.element.querySelectorAll(".files tr")) {
      row.classList.toggle("under", row.dataset.format !== undefined && titles.includes(row.dataset.format));
    }
  }

  zoom(chosen) {
    const [, , width, height] = this.picture.part;
    const isFit = chosen === "fit";
    const fitting = Math.max(1, Math.floor(USUAL_SIDE / Math.max(width, height)));
    const factor = isFit ? fitting : Number(chosen);
    const difference = this.find(".difference");
    for (const box of [this.stage, difference]) box.style.aspectRatio = `${width} / ${height}`;
    this.stage.classList.toggle("enlarged", factor > 1);
    difference.classList.toggle("enlarged", fitting > 1);
    difference.style.maxWidth = `${width * fitting}px`;
    this.stage.style.width = `${width * factor}px`;
    this.stage.style.maxWidth = isFit ? "100%" : "none";
    this.stage.classList.toggle("large", !isFit);
    this.find(".compared").style.maxWidth = isFit ? `max(${width * fitting}px, 320px)` : "none";
  }
}

function picturesText() {
  const shown = data.pictures.length;
  const which = shown === data.measured ? "" : `The ${shown} worst of ${grouped(data.measured)} pictures by ${MEASURES[data.ranked_by].title}. `;
  const inexact = data.pictures
    .flatMap((picture) => [picture.original, ...picture.files.map((file) => file.shown)])
    .map((each) => each.psnr)
    .filter((psnr) => psnr !== null);
  const exact = "Pictures are shown exactly. ";
  const nearly = `All figures are of the exact pixels. WebP and AVIF are shown as the very files. Originals, and what aecodec and JPEG XL decode to, are embedded as AVIF in full colour, at a PSNR of ${Math.min(...inexact).toFixed(1)} dB or more; the option --lossless embeds them exactly. `;
  return `${which}${inexact.length ? nearly : exact}Move the slider with the arrow keys, or drag on the picture.`;
}

function writePictures() {
  setText("pictures-text", picturesText());
  const cards = data.pictures.map((picture) => new Card(picture));
  const list = document.getElementById("pictures");
  const order = document.getElementById("order");
  fillSelect(order, orders(), data.ranked_by);
  const arrange = () => list.replaceChildren(...sorted(order.value).map((number) => cards[number].element));
  order.addEventListener("change", arrange);
  const choices = [ORIGINAL, ...formats].map((title) => [title, title]);
  for (const [side, chosen] of [["left", ORIGINAL], ["right", formats[0]]]) {
    const select = document.getElementById(`all-${side}`);
    fillSelect(select, choices, chosen);
    select.addEventListener("change", () => cards.forEach((card) => card.choose(side, select.value)));
  }
  const zoom = document.getElementById("zoom");
  zoom.addEventListener("change", () => cards.forEach((card) => card.zoom(zoom.value)));
  arrange();
}

writeHead();
setUpTheme(document.getElementById("theme"));
writeFormats();
writeCurves();
writePictures();
