// The tab "Recover".

import { complain, make, part } from "./dom.js";
import { Player } from "./player.js";

const REACH = 0.03; // so near must a click be, in units of the picture's longer side

export function recover(panel, connection) {
  const [file, drop, says, time, play, cancel] = ["file", "drop", "says", "time", "play", "cancel"].map((name) => part(panel, name));
  const [page, pages, direction, ink] = ["page", "pages", "direction", "ink"].map((name) => part(panel, name));
  const canvas = part(panel, "overlay");
  const player = new Player(canvas, { lineWidth: 0.012, onTime: (share) => (time.value = Math.round(share * 1000)) });
  const edits = [...panel.querySelectorAll("[data-edit]")];
  let state = { strokes: [], doubts: new Map() }; // doubts: stroke -> why
  let asFound = null; // the state that was recovered
  let recovered = ""; // what the server calls it
  let size = [1, 1];
  let done = [];
  let undone = [];
  let cut = null;
  let work = null;
  let turn = 0;
  let source = null;
  let picture = null;

  const take = async (blob, number = 1) => {
    if (!blob) return;
    const mine = ++turn;
    work?.cancel();
    work = null;
    says.textContent = "sending the picture";
    cancel.hidden = false;
    try {
      const { picture: sent } = await connection.post("/api/pictures", blob);
      if (mine !== turn) return;
      const how = { picture: sent, name: blob.name ?? "", page: number, direction: direction.value, ink: ink.value };
      work = connection.ask("recover", how, { progress: ({ stage }) => mine === turn && (says.textContent = stage) });
      const found = await work;
      const shown = await createImageBitmap(await connection.file(found.shown));
      if (mine === turn) keep(blob, number, found, shown);
    } catch (error) {
      if (mine === turn) says.textContent = error.cancelled ? "stopped" : error.message;
    }
    if (mine !== turn) return;
    work = null;
    cancel.hidden = true;
  };

  const keep = (blob, number, found, shown) => {
    [source, picture, recovered] = [blob, shown, found.recovered];
    size = [found.width, found.height];
    const doubts = new Map(found.strokes.map((stroke, i) => [stroke, found.doubts[i]]).filter(([, why]) => why));
    asFound = state = { strokes: found.strokes, doubts };
    player.groups = new Map(found.strokes.map((stroke, i) => [stroke, found.words[i]]));
    [done, undone] = [[], []];
    Object.assign(page, { value: number, max: found.pages });
    pages.hidden = found.pages === 1;
    part(panel, "of").textContent = `of ${found.pages}`;
    show(true);
    says.textContent = describe(found, doubts.size);
  };

  const describe = (found, doubtful) => {
    const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
    const lines = new Set(found.words.map(([line]) => line)).size;
    const words = new Set(found.words.map(String)).size;
    const told = [counted(found.strokes.length, "stroke")];
    if (words > 1) told.push(`in ${counted(words, "word")} on ${counted(lines, "line")}`);
    if (found.confidence !== null) told.push(`${(found.confidence * 100).toFixed(0)} % sure`);
    if (doubtful) told.push(`${doubtful} doubtful, dashed`);
    else if (found.flagged) told.push("doubtful");
    if (found.side_mm) told.push(`${size.map((side) => (side * found.side_mm).toFixed(0)).join(" × ")} mm`);
    if (found.model) told.push(`by ${found.model}`);
    return told.join(", ");
  };

  const paper = () => (part(panel, "paper").checked && picture ? { picture, width: picture.width, box: [0, 0, ...size], alpha: 0.55 } : null);

  const show = (playing = false) => {
    const selected = Math.min(player.selected, state.strokes.length - 1);
    player.image = paper();
    player.show(state.strokes, { size, image: paper(), doubtful: state.strokes.flatMap((stroke, i) => (state.doubts.has(stroke) ? [i] : [])), play: playing });
    select(playing ? -1 : selected);
    time.disabled = play.disabled = !state.strokes.length;
    part(panel, "undo").disabled = !done.length;
    part(panel, "redo").disabled = !undone.length;
    for (const button of part(panel, "downloads").children) button.disabled = !state.strokes.length;
  };

  const select = (number, at = null) => {
    player.selected = number;
    cut = at;
    const stroke = state.strokes[number];
    const why = state.doubts.has(stroke) ? `: ${state.doubts.get(stroke)}` : "";
    part(panel, "selected").textContent = stroke ? `stroke ${number + 1} of ${state.strokes.length}${why}` : "no stroke chosen";
    for (const button of edits) button.disabled = !stroke;
    player.paint();
  };

  // Each edit makes new strokes of the old; the old ones are kept for undo.
  const EDITS = {
    reverse: (strokes, i) => [strokes.with(i, strokes[i].toReversed()), i],
    split: (strokes, i) => {
      if (strokes[i].length < 2) return null;
      const inner = Math.min(Math.max(cut ?? Math.floor(strokes[i].length / 2), 1), strokes[i].length - 1);
      if (strokes[i].length === 2) {
        const middle = strokes[i][0].map((value, axis) => (value + strokes[i][1][axis]) / 2);
        return [strokes.toSpliced(i, 1, [strokes[i][0], middle], [middle, strokes[i][1]]), i];
      }
      return [strokes.toSpliced(i, 1, strokes[i].slice(0, inner + 1), strokes[i].slice(inner)), i];
    },
    join: (strokes, i) => (i + 1 < strokes.length ? [strokes.toSpliced(i, 2, [...strokes[i], ...strokes[i + 1]]), i] : null),
    delete: (strokes, i) => [strokes.toSpliced(i, 1), i],
    earlier: (strokes, i) => (i > 0 ? [strokes.toSpliced(i, 1).toSpliced(i - 1, 0, strokes[i]), i - 1] : null),
    later: (strokes, i) => (i + 1 < strokes.length ? [strokes.toSpliced(i, 1).toSpliced(i + 1, 0, strokes[i]), i + 1] : null),
  };

  const edit = (name) => {
    if (!state.strokes[player.selected]) return;
    const edited = EDITS[name](state.strokes, player.selected);
    if (!edited) return;
    done.push(state);
    undone = [];
    const [strokes, selected] = edited;
    state = { ...state, strokes };
    player.selected = selected;
    show();
  };

  const back = (from, to) => {
    if (!from.length) return;
    to.push(state);
    state = from.pop();
    show();
  };

  const nearest = (event) => {
    const [x, y] = player.pointAt(event);
    let best = { distance: REACH, stroke: -1, point: null };
    state.strokes.forEach((stroke, i) => stroke.forEach((point, k) => {
      const next = stroke[k + 1] ?? point;
      const along = [next[0] - point[0], next[1] - point[1]];
      const square = along[0] ** 2 + along[1] ** 2;
      const share = square ? Math.min(1, Math.max(0, ((x - point[0]) * along[0] + (y - point[1]) * along[1]) / square)) : 0;
      const distance = Math.hypot(x - point[0] - share * along[0], y - point[1] - share * along[1]);
      if (distance < best.distance) best = { distance, stroke: i, point: share > 0.5 ? k + 1 : k };
    }));
    return best;
  };

  canvas.addEventListener("click", (event) => {
    const { stroke, point } = nearest(event);
    select(stroke, point);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const count = state.strokes.length;
    if (step && count) select((Math.max(player.selected, step < 0 ? 0 : -1) + step + count) % count);
    else if (event.key === "Delete" || event.key === "Backspace") edit("delete");
    else if (event.key === "r") edit("reverse");
    else if (event.key === " ") player.play();
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) event.shiftKey ? back(undone, done) : back(done, undone);
    else return;
    event.preventDefault();
  });
  for (const button of edits) button.addEventListener("click", () => edit(button.dataset.edit));
  part(panel, "undo").addEventListener("click", () => back(done, undone));
  part(panel, "redo").addEventListener("click", () => back(undone, done));
  play.addEventListener("click", () => player.play());
  time.addEventListener("input", () => {
    player.stop();
    player.at(time.value / 1000);
  });
  cancel.addEventListener("click", () => work?.cancel());
  part(panel, "colours").addEventListener("change", (event) => ((player.colours = event.target.value), player.paint()));
  part(panel, "numbers").addEventListener("change", (event) => ((player.numbers = event.target.checked), player.paint()));
  part(panel, "paper").addEventListener("change", () => ((player.image = paper()), player.paint()));
  file.addEventListener("change", () => {
    take(file.files[0]);
    file.value = "";
  });
  for (const control of [page, direction, ink]) control.addEventListener("change", () => take(source, Number(page.value) || 1));
  document.addEventListener("dragover", () => drop.classList.toggle("over", panel.isConnected));
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    if (panel.isConnected) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (panel.isConnected) take(event.clipboardData.files[0]);
  });

  const download = (format) => {
    const fields = { format, recovered };
    const height = Number(part(panel, "height").value);
    if (height > 0) fields.height_mm = height;
    const round = (stroke) => stroke.map((point) => point.map((value) => Number(value.toFixed(5))));
    if (state !== asFound) fields.strokes = state.strokes.map(round);
    connection.ask("export drawing", fields).then((made) => connection.download(made)).catch(complain);
  };

  connection.ask("formats", {}, { again: true })
    .then(({ formats, pictures }) => {
      file.accept = ["image/*", "application/pdf", ...pictures].join(",");
      part(panel, "downloads").replaceChildren(...formats.map((name) => make("button", { onclick: () => download(name) }, name)));
      show();
    })
    .catch(complain);
}
