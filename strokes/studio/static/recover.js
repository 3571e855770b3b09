// The tab "Recover".

import { complain, make, part } from "./dom.js";
import { Player } from "./player.js";

const REACH = 0.03; // so near must a click be, in units of the picture's longer side

export function recover(panel, connection) {
  const [file, drop, says, time, play, cancel] = ["file", "drop", "says", "time", "play", "cancel"].map((name) => part(panel, name));
  const canvas = part(panel, "overlay");
  const player = new Player(canvas, { lineWidth: 0.012, onTime: (share) => (time.value = Math.round(share * 1000)) });
  const edits = [...panel.querySelectorAll("[data-edit]")];
  let state = { strokes: [], doubtful: [] };
  let size = [1, 1];
  let done = [];
  let undone = [];
  let cut = null;
  let work = null;
  let picture = null;

  const take = async (blob) => {
    if (!blob) return;
    work?.cancel();
    says.textContent = "sending the picture";
    cancel.hidden = false;
    let mine = null;
    try {
      const { picture: sent } = await connection.post("/api/pictures", blob);
      mine = connection.ask("recover", { picture: sent }, { progress: ({ stage }) => (says.textContent = stage) });
      work = mine;
      const found = await mine;
      picture = await createImageBitmap(await connection.file(found.shown));
      size = [found.width, found.height];
      state = { strokes: found.strokes, doubtful: found.doubtful };
      [done, undone] = [[], []];
      show(true);
      const sure = found.confidence === null ? "" : `, ${(found.confidence * 100).toFixed(0)} % sure`;
      says.textContent = `${found.strokes.length} ${found.strokes.length === 1 ? "stroke" : "strokes"}${sure}${found.doubtful.length ? "; the dashed ones are doubtful" : ""}`;
    } catch (error) {
      if (mine === work) says.textContent = error.cancelled ? "stopped" : error.message;
    }
    if (mine === work) {
      work = null;
      cancel.hidden = true;
    }
  };

  const paper = () => (part(panel, "paper").checked && picture ? { picture, width: picture.width, box: [0, 0, ...size], alpha: 0.55 } : null);

  const show = (playing = false) => {
    const selected = Math.min(player.selected, state.strokes.length - 1);
    player.image = paper();
    player.show(state.strokes, { size, image: paper(), doubtful: state.doubtful, play: playing });
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
    part(panel, "selected").textContent = stroke ? `stroke ${number + 1} of ${state.strokes.length}` : "no stroke chosen";
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
    const doubtful = new Set(state.doubtful.map((i) => state.strokes[i]));
    const edited = EDITS[name](state.strokes, player.selected);
    if (!edited) return;
    done.push(state);
    undone = [];
    const [strokes, selected] = edited;
    state = { strokes, doubtful: strokes.flatMap((stroke, i) => (doubtful.has(stroke) ? [i] : [])) };
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
  file.addEventListener("change", () => take(file.files[0]).then(() => (file.value = "")));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (panel.isConnected) take([...event.clipboardData.files].find((one) => one.type.startsWith("image/")));
  });

  const download = (format) => {
    const round = (stroke) => stroke.map((point) => point.map((value) => Number(value.toFixed(5))));
    const fields = { format, strokes: state.strokes.map(round), width: size[0], height: size[1] };
    connection.ask("export drawing", fields).then((made) => connection.download(made)).catch(complain);
  };

  connection.ask("formats", {}, { again: true })
    .then(({ formats }) => {
      part(panel, "downloads").replaceChildren(...formats.map((name) => make("button", { onclick: () => download(name) }, name)));
      show();
    })
    .catch(complain);
}
