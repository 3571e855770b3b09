// The tab "Browse": a wall of drawings of which only the rows in sight are there, each on a canvas of its own.

import { complain, make, options, part } from "./dom.js";
import { Player } from "./player.js";
import { STROKE_COLOURS, colour } from "./surface.js";

const CELL = 72;
const ASKED = 256; // drawings at a time
const KEPT = 40; // answers of that size
const OVERSCAN = 4; // rows

export function browse(panel, connection) {
  const wall = part(panel, "wall");
  const tall = part(panel, "tall");
  const controls = ["dataset", "label", "split", "flagged", "score", "least", "most", "sort"];
  const [dataset, label, split, flagged, score, least, most, sort] = controls.map((name) => part(panel, name));
  const player = new Player(part(panel, "chosen"), { lineWidth: 0.022 });
  const [play, right, wrong, exportMarks] = ["play", "right", "wrong", "export"].map((name) => part(panel, name));
  let datasets = [];
  let order = new Uint32Array(0);
  let chunks = new Map(); // place of a chunk -> Map of drawings, or the promise of it
  let rows = new Map(); // row -> canvas
  let spare = [];
  let columns = 1;
  let chosen = -1; // place in the order
  let shown = null;
  let turn = 0;
  let ready = Promise.resolve(); // when the order is that of the controls
  let marks = new Map(); // number of a drawing -> true (right) or false (wrong)

  const about = () => datasets[Number(dataset.value)];

  // Keys and clicks that come before the answer wait for it, so that they are about what is shown then.
  const ask = () => (ready = find());

  const find = async () => {
    const mine = ++turn;
    wall.setAttribute("aria-busy", "true");
    const fields = {
      dataset: Number(dataset.value), label: label.value, split: split.value, flagged: flagged.value,
      score: score.value, sort: sort.value.replace(/^-/, ""), descending: sort.value.startsWith("-"),
    };
    if (score.value && least.value !== "") fields.least = Number(least.value);
    if (score.value && most.value !== "") fields.most = Number(most.value);
    try {
      const bytes = await connection.ask("find", fields, { again: true });
      if (mine !== turn) return;
      order = new Uint32Array(bytes);
      part(panel, "found").textContent = `${order.length.toLocaleString("en")} of ${about().count.toLocaleString("en")} drawings`;
      chunks = new Map();
      chosen = -1;
      wall.scrollTop = 0;
      lay();
    } catch (error) {
      complain(error);
    } finally {
      if (mine === turn) wall.removeAttribute("aria-busy");
    }
  };

  const choose = () => {
    const { classes = [], splits = [], scores = [], problem } = about() ?? {};
    if (problem) complain(new Error(problem));
    options(label, [["", "all"], ...classes]);
    options(split, ["all", ...splits]);
    options(score, [["", "any"], ...scores]);
    const sorts = [...scores].sort((a, b) => (b === "confidence") - (a === "confidence"));
    options(sort, [["index", "place in the file"], ...sorts.flatMap((name) => [[name, `${name}, lowest first`], [`-${name}`, `${name}, highest first`]])]);
    marks = new Map();
    shown = null;
    showMarks();
    ask();
    recall();
  };

  const recall = async () => {
    const place = dataset.value;
    try {
      const found = await connection.ask("marks", { dataset: Number(place) }, { again: true });
      if (place !== dataset.value) return;
      marks = new Map([...found.right.map((number) => [number, true]), ...found.wrong.map((number) => [number, false])]);
      showMarks();
      for (const row of rows.keys()) paintRow(row);
    } catch (error) {
      complain(error);
    }
  };

  // Rows.

  const lay = () => {
    columns = Math.max(1, Math.floor(wall.clientWidth / CELL));
    tall.style.height = `${Math.ceil(order.length / columns) * CELL}px`;
    for (const canvas of rows.values()) canvas.remove();
    spare = [];
    rows = new Map();
    scroll();
  };

  const scroll = () => {
    const first = Math.max(0, Math.floor(wall.scrollTop / CELL) - OVERSCAN);
    const last = Math.min(Math.ceil(order.length / columns), Math.ceil((wall.scrollTop + wall.clientHeight) / CELL) + OVERSCAN);
    for (const [row, canvas] of rows) {
      if (row >= first && row < last) continue;
      rows.delete(row);
      spare.push(canvas);
    }
    for (let row = first; row < last; row++) if (!rows.has(row)) place(row);
    for (const canvas of spare.splice(8)) canvas.remove();
  };

  const place = (row) => {
    const canvas = spare.pop() ?? tall.appendChild(make("canvas", { "aria-hidden": "true" }));
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = columns * CELL;
    if (canvas.width !== width * ratio || canvas.height !== CELL * ratio) {
      Object.assign(canvas, { width: width * ratio, height: CELL * ratio });
      canvas.style.width = `${width}px`;
      canvas.style.height = `${CELL}px`;
    }
    canvas.style.transform = `translateY(${row * CELL}px)`;
    rows.set(row, canvas);
    paintRow(row);
  };

  const paintRow = (row) => {
    const canvas = rows.get(row);
    if (!canvas) return;
    const ratio = canvas.height / CELL;
    const context = canvas.getContext("2d", { alpha: true });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, columns * CELL, CELL);
    Object.assign(context, { lineCap: "round", lineJoin: "round" });
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (at >= order.length) break;
      const drawing = chunkOf(at)?.get(order[at]);
      cell(context, column * CELL, at, drawing);
    }
  };

  const cell = (context, x, at, drawing) => {
    const mark = marks.get(order[at]);
    if (at === chosen || mark !== undefined) {
      context.fillStyle = at === chosen ? colour("accent-soft") : colour("grid");
      context.beginPath();
      context.roundRect(x + 2, 2, CELL - 4, CELL - 4, 8);
      context.fill();
    }
    if (!drawing) return;
    const scale = (CELL - 12) / 255;
    context.lineWidth = 1.6;
    drawing.strokes.forEach((points, i) => {
      context.strokeStyle = STROKE_COLOURS[i % STROKE_COLOURS.length];
      context.beginPath();
      context.moveTo(x + 6 + points[0] * scale, 6 + points[1] * scale);
      if (points.length === 2) context.lineTo(x + 6.1 + points[0] * scale, 6 + points[1] * scale);
      for (let k = 2; k < points.length; k += 2) context.lineTo(x + 6 + points[k] * scale, 6 + points[k + 1] * scale);
      context.stroke();
    });
    if (drawing.flagged) dot(context, x + CELL - 9, 9, colour("bad"));
    if (mark !== undefined) {
      context.fillStyle = colour(mark ? "good" : "bad");
      context.font = "600 12px system-ui, sans-serif";
      context.fillText(mark ? "✓" : "✗", x + 6, CELL - 7);
    }
  };

  const dot = (context, x, y, fill) => {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, 3, 0, 7);
    context.fill();
  };

  // Ink, a chunk of neighbours in the order at a time.

  const chunkOf = (at) => {
    const number = Math.floor(at / ASKED);
    const known = chunks.get(number);
    if (known instanceof Map) return known;
    if (!known) chunks.set(number, load(number, chunks));
    return null;
  };

  const load = async (number, into) => {
    const numbers = [...order.slice(number * ASKED, (number + 1) * ASKED)];
    try {
      const bytes = await connection.ask("ink", { dataset: Number(dataset.value), numbers }, { again: true });
      if (into !== chunks) return;
      chunks.set(number, unpack(bytes));
      while (chunks.size > KEPT) chunks.delete(chunks.keys().next().value);
      for (const row of rows.keys()) {
        if (row * columns < (number + 1) * ASKED && (row + 1) * columns > number * ASKED) paintRow(row);
      }
    } catch (error) {
      chunks.delete(number);
      complain(error);
    }
  };

  const unpack = (bytes) => {
    const view = new DataView(bytes);
    const found = new Map();
    let at = 0;
    while (at < bytes.byteLength) {
      const count = view.getUint16(at + 12, true);
      const drawing = { flagged: view.getUint8(at + 6) === 1, strokes: [] };
      let ink = at + 14 + 2 * count;
      for (let i = 0; i < count; i++) {
        const length = 2 * view.getUint16(at + 14 + 2 * i, true);
        drawing.strokes.push(new Uint8Array(bytes, ink, length));
        ink += length;
      }
      found.set(view.getUint32(at, true), drawing);
      at = ink;
    }
    return found;
  };

  // One drawing.

  const select = async (at) => {
    if (at < 0 || at >= order.length) return;
    const before = chosen;
    chosen = at;
    for (const one of [before, at]) if (one >= 0) paintRow(Math.floor(one / columns));
    const top = Math.floor(at / columns) * CELL;
    if (top < wall.scrollTop) wall.scrollTop = top;
    else if (top + CELL > wall.scrollTop + wall.clientHeight) wall.scrollTop = top + CELL - wall.clientHeight;
    const [place, number] = [dataset.value, order[at]];
    try {
      const drawing = await connection.ask("show", { dataset: Number(place), number }, { again: true });
      if (at === chosen && place === dataset.value && number === order[at]) present(drawing);
    } catch (error) {
      complain(error);
    }
  };

  const present = (found) => {
    shown = found;
    part(panel, "title").textContent = `${found.label === null ? "Drawing" : `“${found.label}”`}, number ${found.number}`;
    player.show(found.strokes, { size: [found.width, found.height], image: picture(found), play: true });
    const facts = { split: found.split, "place in its source": found.source_index, flagged: found.flagged ? "yes" : "no", strokes: found.strokes.length };
    for (const [name, value] of Object.entries(found.scores)) facts[name] = value === null ? "—" : value.toFixed(3);
    part(panel, "facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
    play.disabled = right.disabled = wrong.disabled = false;
    showMarks();
  };

  const picture = ({ picture: pixels }) => {
    if (!pixels) return null;
    const { width, height, rows: lines, frame } = pixels;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.fillStyle = colour("ghost");
    lines.forEach((line, y) => [...line].forEach((ink, x) => ink === "1" && context.fillRect(x, y, 1, 1)));
    const longer = Math.max(width, height);
    const [scale, left, top] = frame;
    return { picture: canvas, width, box: [left, top, (scale * width) / longer, (scale * height) / longer] };
  };

  const mark = (isRight) => {
    const number = marked();
    if (number === undefined) return;
    const fields = { dataset: Number(dataset.value), number };
    if (marks.get(number) === isRight) marks.delete(number);
    else marks.set(number, (fields.right = isRight));
    if (chosen >= 0) paintRow(Math.floor(chosen / columns));
    showMarks();
    connection.ask("mark", fields, { again: true }).catch((error) => (complain(error), recall()));
  };

  // The number that a mark is for: what was chosen last, although it may not have come yet.
  const marked = () => order[chosen] ?? shown?.number;

  const showMarks = () => {
    const count = [...marks.values()].filter(Boolean).length;
    part(panel, "marked").textContent = marks.size ? `${count} right, ${marks.size - count} wrong` : "nothing is marked";
    exportMarks.disabled = !marks.size;
    right.setAttribute("aria-pressed", String(marks.get(marked()) === true));
    wrong.setAttribute("aria-pressed", String(marks.get(marked()) === false));
  };

  wall.addEventListener("scroll", scroll, { passive: true });
  wall.addEventListener("click", (event) => {
    const box = wall.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / CELL);
    const number = order[Math.floor((event.clientY - box.top + wall.scrollTop) / CELL) * columns + column];
    if (column < columns && number !== undefined) ready.then(() => select(order.indexOf(number)));
  });
  wall.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(wall.clientHeight / CELL)) * columns;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page }[event.key];
    if (step) ready.then(() => select(Math.min(Math.max(chosen + step, 0), order.length - 1)));
    else if (event.key === "Home") ready.then(() => select(0));
    else if (event.key === "End") ready.then(() => select(order.length - 1));
    else if (event.key === "r") ready.then(() => mark(true));
    else if (event.key === "w") ready.then(() => mark(false));
    else if (event.key === " ") player.play();
    else return;
    event.preventDefault();
  });
  play.addEventListener("click", () => player.play());
  right.addEventListener("click", () => mark(true));
  wrong.addEventListener("click", () => mark(false));
  exportMarks.addEventListener("click", () => {
    const fields = { dataset: Number(dataset.value), keep_only: part(panel, "selection").value === "keep" };
    connection.ask("export marks", fields).then((made) => connection.download(made)).catch(complain);
  });
  dataset.addEventListener("change", choose);
  score.addEventListener("change", () => (least.disabled = most.disabled = score.value === ""));
  for (const control of [label, split, flagged, score, least, most, sort]) control.addEventListener("change", ask);
  panel.addEventListener("shown", () => {
    const top = Math.floor(chosen / columns) * CELL;
    if (chosen >= 0) wall.scrollTop = Math.max(0, top - wall.clientHeight / 2);
    scroll();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (!wall.clientWidth || wall.clientWidth === width) return scroll();
    const first = Math.floor(wall.scrollTop / CELL) * columns;
    width = wall.clientWidth;
    lay();
    wall.scrollTop = Math.floor(first / columns) * CELL;
  }).observe(wall);

  connection.ask("datasets", {}, { again: true })
    .then((found) => {
      datasets = found.datasets;
      options(dataset, datasets.map(({ name, count }, i) => [String(i), `${name} · ${count.toLocaleString("en")}`]));
      if (datasets.length) choose();
      else part(panel, "found").textContent = "no dataset: start the studio with one, or put it into the data folder";
    })
    .catch(complain);
}
