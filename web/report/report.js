// The report: what codecs make of pictures, measured before. It uses common.js.

const data = JSON.parse(document.getElementById("data").textContent);
const ORIGINAL = "Original";
const formats = data.pictures[0].files.map((file) => file.format);
const drawn = [...new Set([...formats, ...data.curves.map(({ format }) => format)])]; // in the curves
const UNIT = data.unit === "bpp" ? "bits per pixel" : data.unit;
const choices = [ORIGINAL, ...formats];
const GAIN = 8; // of the difference, as the style sheet has it
const USUAL_SIDE = 480; // to which small pictures are enlarged, by whole numbers

// Measures, the best judge first. A PSNR that is null is that of a picture without any error.
const MEASURES = [
  { name: "ssimulacra2", title: "SSIMULACRA2", axis: "SSIMULACRA2", digits: 1, onAxis: (value) => value },
  { name: "ms_ssim", title: "MS-SSIM", axis: "MS-SSIM, dB: −10 log₁₀(1 − MS-SSIM)", digits: 4, onAxis: (value) => -10 * Math.log10(1 - value) },
  { name: "psnr", title: "PSNR", axis: "PSNR, dB", digits: 2, onAxis: (value) => value },
];
const RANKED_BY = MEASURES.find(({ name }) => name === data.ranked_by);

const find = (id) => document.getElementById(id);
const has = (row, { name }) => row[name] !== null && row[name] !== undefined;
const qualityOf = (row, measure) => (has(row, measure) ? row[measure.name] : measure.name === "psnr" ? Infinity : NaN);
const countText = (count) => (count === 1 ? "1 picture" : `${grouped(count)} pictures`);

function qualityText(row, measure) {
  const value = qualityOf(row, measure);
  return value === Infinity ? "∞" : Number.isNaN(value) ? "–" : value.toFixed(measure.digits);
}

function fillSelect(select, options, chosen, use) {
  select.append(...options.map(([value, text]) => Object.assign(make("option", text), { value })));
  select.value = chosen;
  select.addEventListener("change", () => use(select.value));
}

function swatch(format) {
  return make("span", "", `swatch format-${drawn.indexOf(format)}`);
}

// ---- tables: rows about formats; the best of each measure is marked

function fillTable(table, rows, { marksBest = true, columns = [] } = {}) {
  const measures = MEASURES.filter((measure) => measure.name === "psnr" || rows.some((row) => has(row, measure)));
  const all = [
    ...columns,
    { title: "Bytes", text: (row) => grouped(row.bytes) },
    { title: data.unit, text: (row) => row.bpp.toFixed(3) },
    ...measures.map((measure) => ({ title: measure.title, text: (row) => qualityText(row, measure), of: (row) => qualityOf(row, measure) })),
  ];
  const head = make("tr");
  head.append(...["Format", ...all.map(({ title }) => title)].map((title) => Object.assign(make("th", title), { scope: "col" })));
  table.replaceChildren(head, ...rows.map((row) => {
    const line = make("tr");
    line.dataset.format = row.format;
    const first = make("td");
    first.append(swatch(row.format), row.format);
    const isBest = ({ of }) => marksBest && of && rows.length > 1 && of(row) === Math.max(...rows.map(of).filter((value) => !Number.isNaN(value)));
    line.append(first, ...all.map((column) => make("td", column.text(row), isBest(column) ? "best" : "")));
    return line;
  }));
}

function meanOver(format) {
  const files = data.pictures.map((picture) => picture.files[formats.indexOf(format)]);
  const mean = (of) => files.reduce((sum, file) => sum + of(file), 0) / files.length;
  const finite = (value) => (Number.isFinite(value) ? value : null);
  const qualities = MEASURES.map((measure) => [measure.name, finite(mean((file) => qualityOf(file, measure)))]);
  return { format, bytes: mean(({ bytes }) => bytes), bpp: mean(({ bpp }) => bpp), ...Object.fromEntries(qualities) };
}

// ---- curves

const CHART = { width: 380, height: 280, left: 44, right: 12, top: 30, bottom: 40 };

function draw(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function pointsOf(measure) {
  const points = data.curves.filter((point) => has(point, measure));
  return points
    .map((point) => ({ ...point, x: Math.log2(point.bpp), y: measure.onAxis(point[measure.name]) }))
    .filter(({ y }) => Number.isFinite(y));
}

// Where the codec's own curve lies, with room around it; others are cut off at the edges.
function rangeOf(points, key, margin) {
  const ours = points.filter(({ format }) => format === formats[0]).map((point) => point[key]);
  const [low, high] = [Math.min(...ours), Math.max(...ours)];
  const room = margin(high - low);
  return [low - room, high + room];
}

function ticks(low, high, count) {
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= (high - low) / count);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

function chart(measure) {
  const points = pointsOf(measure);
  const [x0, x1] = rangeOf(points, "x", () => 0.5);
  const [y0, y1] = rangeOf(points, "y", (length) => Math.max(0.25 * length, 0.5));
  const { width, height, left, right, top, bottom } = CHART;
  const x = (value) => left + ((value - x0) / (x1 - x0)) * (width - left - right);
  const y = (value) => height - bottom - ((value - y0) / (y1 - y0)) * (height - top - bottom);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${measure.axis} over ${UNIT}` });
  svg.append(draw("text", { x: 4, y: 16, class: "title" }, measure.axis));
  for (const tick of ticks(y0, y1, 8)) {
    svg.append(draw("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(draw("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(Number(tick.toFixed(3)))));
  }
  for (let power = Math.ceil(x0); power <= x1; power += 1) {
    svg.append(draw("line", { x1: x(power), x2: x(power), y1: top, y2: height - bottom, class: "grid" }));
    svg.append(draw("text", { x: x(power), y: height - bottom + 16, "text-anchor": "middle" }, String(Number((2 ** power).toPrecision(3)))));
  }
  svg.append(draw("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, UNIT));
  const area = draw("clipPath", { id: `clip-${measure.name}` });
  area.append(draw("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom }));
  const lines = draw("g", { "clip-path": `url(#clip-${measure.name})` });
  for (let number = drawn.length - 1; number >= 0; number -= 1) {
    const own = points.filter(({ format }) => format === drawn[number]);
    lines.append(draw("polyline", { class: `format-${number}`, points: own.map((point) => `${x(point.x)},${y(point.y)}`).join(" ") }));
    for (const point of own) {
      const radius = number ? 2.5 : point.setting === `level ${data.level}` ? 6 : 3.5;
      const mark = draw("circle", { class: `format-${number}`, cx: x(point.x), cy: y(point.y), r: radius });
      mark.append(draw("title", {}, `${point.format}, ${point.setting}: ${point.bpp.toFixed(3)} ${data.unit}, ${qualityText(point, measure)}`));
      lines.append(mark);
    }
  }
  svg.append(area, lines);
  return svg;
}

// ---- pictures

const LEAD = "lead";

// What pictures are sorted by, in ascending order.
function keyOf(order) {
  const measure = MEASURES.find(({ name }) => name === order);
  if (measure) return ({ files }) => qualityOf(files[0], measure);
  return ({ files }) => {
    if (order === "bpp") return -files[0].bpp;
    const [ours, ...rivals] = files.map((file) => qualityOf(file, RANKED_BY));
    return ours === Math.max(...rivals) ? 0 : ours - Math.max(...rivals);
  };
}

function sorted(order, cards) {
  if (order === "name") return [...cards].sort((a, b) => new Intl.Collator("en", { numeric: true }).compare(a.picture.name, b.picture.name));
  const key = keyOf(order);
  const compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
  return [...cards].sort((a, b) => compare(key(a.picture), key(b.picture)));
}

function orders() {
  const measured = MEASURES.filter((measure) => measure.name === "psnr" || data.pictures.every(({ files }) => has(files[0], measure)));
  const lead = formats.length > 1 ? [[LEAD, `${RANKED_BY.title} behind others, most first`]] : [];
  return [...measured.map(({ name, title }) => [name, `${title}, worst first`]), ...lead, ["bpp", `${UNIT}, most first`], ["name", "name"]];
}

function shownOf(picture, title) {
  return title === ORIGINAL ? picture.original : picture.files[formats.indexOf(title)].shown;
}

function sizeText({ size: [width, height], part: [left, top, shownWidth, shownHeight], source_bytes: bytes }) {
  const isWhole = width === shownWidth && height === shownHeight;
  const part = isWhole ? "" : `; shown: ${shownWidth}×${shownHeight} from (${left}, ${top})`;
  return `${width}×${height}, ${grouped(bytes)} bytes in the data set${part}`;
}

class Card {
  constructor(picture) {
    this.picture = picture;
    this.element = find("card").content.firstElementChild.cloneNode(true);
    this.stage = this.find(".stage");
    this.split = new Split(this.stage, this.find(".split"));
    this.find(".name").textContent = picture.name;
    this.find(".size").textContent = sizeText(picture);
    fillTable(this.find(".files"), picture.files);
    for (const [side, chosen] of [["left", ORIGINAL], ["right", formats[0]]]) {
      fillSelect(this.find(`.choose-${side}`), choices.map((title) => [title, title]), chosen, () => this.show());
    }
    if (picture.errors) this.showErrors(picture.errors);
    this.zoom("fit");
    this.show();
  }

  // A map of the errors of samples, instead of the difference of both sides.
  showErrors({ src, text }) {
    const map = this.find(".difference");
    map.classList.add("errors");
    map.replaceChildren(Object.assign(make("img"), { src, alt: text }));
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  choose(side, title) {
    this.find(`.choose-${side}`).value = title;
    this.show();
  }

  show() {
    const titles = ["left", "right"].map((side) => {
      const title = this.find(`.choose-${side}`).value;
      for (const image of this.element.querySelectorAll(`img.${side}`)) {
        Object.assign(image, { src: shownOf(this.picture, title).src, alt: `${this.picture.name}: ${title}` });
      }
      this.find(`.${side}-tag`).textContent = title;
      return title;
    });
    const inexact = titles.filter((title) => shownOf(this.picture, title).psnr !== null);
    const kept = inexact.map((title) => `${title} at ${shownOf(this.picture, title).psnr.toFixed(1)} dB`).join(", ");
    const both = kept ? `Embedded: ${kept}.` : "Both are shown exactly.";
    this.find("figcaption").textContent = this.picture.errors?.text ?? `Difference of ${titles.join(" and ")}, ${GAIN}-fold: black is none. ${both}`;
    this.split.describe(...titles);
    for (const row of this.element.querySelectorAll(".files tr")) row.classList.toggle("under", titles.includes(row.dataset.format));
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

// ---- the page

function writeTexts() {
  const shown = data.pictures.length;
  const isPart = shown !== data.measured;
  document.title = `aecodec report: ${data.title}`;
  find("subject").textContent = `${data.title}: ${countText(data.measured)}. Codec ${data.codec}, pictures at level ${data.level}. aecodec ${data.version}.`;
  find("missing").append(...data.missing.map((text) => make("li", text)));
  find("missing").hidden = !data.missing.length;
  find("formats-text").textContent = `Means of the pictures below${isPart ? `, the ${shown} worst of ${grouped(data.measured)}` : ""}. Files of other formats have the lowest quality that makes them no smaller than aecodec's. All files hold the picture only: in sRGB, without alpha and metadata.`;
  if (data.pictures[0].errors) find("formats-text").textContent = "Means of the pictures below. PSNR is relative to the range of each picture: the difference of its 0.1 and 99.9 percentiles. Missing samples do not count.";
  find("curves-text").textContent = `Means over ${countText(data.measured)}: PSNR of the mean squared error, means of the other measures; ${UNIT} on a logarithmic scale. Higher and further to the left is better. The large dot is the level of the pictures below.`;
  const inexact = data.pictures.flatMap(({ original, files }) => [original.psnr, ...files.map((file) => file.shown.psnr)]).filter((psnr) => psnr !== null);
  const nearly = `All figures are of the exact pixels. WebP and AVIF are shown as the very files. Originals, and what aecodec and JPEG XL decode to, are embedded as AVIF in full colour, at a PSNR of ${Math.min(...inexact).toFixed(1)} dB or more; the option --lossless embeds them exactly.`;
  find("pictures-text").textContent = `${isPart ? `The ${shown} worst of ${countText(data.measured)} by ${RANKED_BY.title}. ` : ""}${inexact.length ? nearly : "Pictures are shown exactly."} Move the slider with the arrow keys, or drag on the picture.`;
}

function writeCurves() {
  find("legend").append(...drawn.map((format) => {
    const item = make("li");
    item.append(swatch(format), format);
    return item;
  }));
  const measures = MEASURES.filter((measure) => pointsOf(measure).some(({ format }) => format === formats[0]));
  find("curves").append(...measures.reverse().map(chart));
  fillTable(find("points"), data.curves, { marksBest: false, columns: [{ title: "Setting", text: (row) => row.setting }] });
}

function writePictures() {
  const cards = data.pictures.map((picture) => new Card(picture));
  const arrange = (order) => find("pictures").replaceChildren(...sorted(order, cards).map(({ element }) => element));
  fillSelect(find("order"), orders(), data.ranked_by, arrange);
  for (const [side, chosen] of [["left", ORIGINAL], ["right", formats[0]]]) {
    fillSelect(find(`all-${side}`), choices.map((title) => [title, title]), chosen, (title) => cards.forEach((card) => card.choose(side, title)));
  }
  find("zoom").addEventListener("change", ({ target }) => cards.forEach((card) => card.zoom(target.value)));
  arrange(data.ranked_by);
}

writeTexts();
setUpTheme(find("theme"));
fillTable(find("formats"), formats.map(meanOver));
writeCurves();
writePictures();
