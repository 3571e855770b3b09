// The tab "Collect".

import { complain, make, options, part } from "./dom.js";
import { Pen } from "./pen.js";
import { STROKE_COLOURS, trace } from "./surface.js";

const SHOWN = 60; // samples that are sent at a time
const WAYS = { adapt: "adapt to this writer" };
const ROUNDS = { adapt: 60 };

export function collect(panel, connection) {
  const [keep, undo, skip, train, more] = ["keep", "undo", "skip", "train", "more"].map((name) => part(panel, name));
  const [writer, classes] = ["writer", "classes"].map((name) => part(panel, name));
  let state = null;
  let asked = null;
  let training = null;

  const pen = new Pen(part(panel, "pen"), { onChange: () => ready() });
  const ready = () => {
    keep.disabled = pen.isEmpty || asked === null;
    undo.disabled = pen.isEmpty && !state?.samples.length;
    for (const button of [skip, train, part(panel, "export")]) button.disabled = state === null;
  };

  // The class with the fewest samples, the first of them after the one that was asked last.
  const next = () => {
    const counts = new Map(state.counts);
    const start = state.asked.indexOf(asked) + 1;
    const order = [...state.asked.slice(start), ...state.asked.slice(0, start)];
    const least = Math.min(...order.map((name) => counts.get(name)));
    ask(order.find((name) => counts.get(name) === least));
  };

  const ask = (name) => {
    if (asked !== null) pen.clear(); // what was drawn before anything was asked stays
    asked = name;
    part(panel, "asked").textContent = `Write: ${name}`;
    showCounts();
    ready();
  };

  const showCounts = () => {
    part(panel, "counts").replaceChildren(
      ...state.counts.map(([name, count]) => {
        const chosen = make("button", { class: name === asked ? "now" : false, onclick: () => ask(name) }, name, make("small", {}, String(count)));
        return make("div", { role: "listitem" }, chosen);
      }),
    );
    const done = state.counts.filter(([name, count]) => count > 0 && state.asked.includes(name)).length;
    part(panel, "progress").textContent = `${done} of ${state.asked.length} classes have samples`;
  };

  const show = (found) => {
    state = found;
    if (document.activeElement !== writer) writer.value = found.writer;
    if (document.activeElement !== classes) classes.value = found.classes;
    panel.querySelector("datalist").replaceChildren(...found.writers.map((name) => make("option", { value: name })));
    options(part(panel, "format"), found.formats);
    options(part(panel, "recipe"), found.recipes.map((name) => [name, WAYS[name] ?? `train ${name} anew`]));
    part(panel, "total").textContent = `${found.total} kept by ${found.writers.length || "no"} ${found.writers.length === 1 ? "writer" : "writers"}`;
    part(panel, "samples").replaceChildren(...found.samples.map(card));
    more.hidden = found.samples.length < SHOWN;
    if (found.training && !training) follow("follow training");
    if (!training) {
      part(panel, "training").replaceChildren(
        ...(found.model ? [`drawings are recovered by ${found.model} `, make("button", { onclick: forget }, "Use what ships")] : []),
      );
    }
    showCounts();
    ready();
  };

  const card = (sample) => {
    const canvas = make("canvas", { width: 168, height: 168, role: "img", "aria-label": `${sample.label}, number ${sample.id}` });
    const context = canvas.getContext("2d");
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: 9 });
    sample.strokes.forEach((stroke, i) => {
      context.strokeStyle = STROKE_COLOURS[i % STROKE_COLOURS.length];
      trace(context, stroke, ([x, y]) => [x * 168, y * 168]);
    });
    const remove = make("button", { "aria-label": `Delete ${sample.label}, number ${sample.id}`, onclick: () => send("delete sample", { sample: sample.id }) }, "×");
    return make("li", { "data-number": String(sample.id) }, make("b", {}, sample.label), canvas, remove);
  };

  const send = async (what, fields = {}) => {
    try {
      const found = await connection.ask(what, fields, { again: true });
      show(found);
      return found;
    } catch (error) {
      complain(error);
      return null;
    }
  };

  // The next class is asked at once, so that a fast hand never draws on a sheet that is cleared a moment later.
  const keepIt = async () => {
    if (keep.disabled) return;
    const { strokes } = pen;
    const sample = { strokes: pen.rows, label: asked, writer: state.writer, key: crypto.randomUUID() };
    state.counts = state.counts.map(([name, count]) => [name, count + (name === asked)]);
    next();
    const found = await send("keep", sample);
    if (found) part(panel, "says").textContent = `kept ${sample.label}, number ${found.kept}`;
    else if (pen.isEmpty) {
      ask(sample.label);
      pen.restore(strokes);
    }
  };

  const undoIt = async () => {
    if (!pen.isEmpty) return pen.undo();
    const last = state.samples[0];
    const found = await send("delete sample", { writer: state.writer });
    if (found?.deleted) {
      part(panel, "says").textContent = `took back ${last.label}, number ${found.deleted}`;
      ask(last.label);
    }
  };

  const trainIt = () => {
    if (training) return connection.ask("stop training").catch(complain);
    follow("train", { recipe: part(panel, "recipe").value, rounds: Number(part(panel, "rounds").value), writer: state.writer });
  };

  const follow = async (what, fields = {}) => {
    const says = part(panel, "training");
    train.textContent = "Stop";
    training = connection.ask(what, fields, { progress: ({ said }) => said && (says.textContent = said) });
    try {
      const { model } = await training;
      training = null;
      await send("collection");
      says.prepend(`done: ${model}; `);
    } catch (error) {
      says.textContent = error.cancelled ? "training was stopped" : error.message;
    }
    training = null;
    train.textContent = "Train";
  };

  const showMore = async () => {
    const last = Number(part(panel, "samples").lastElementChild?.dataset.number ?? 0);
    const { samples } = await connection.ask("older samples", { writer: state.writer, before: last }, { again: true });
    part(panel, "samples").append(...samples.map(card));
    more.hidden = samples.length < SHOWN;
  };

  const forget = () => connection.ask("use shipped").then(() => send("collection"), complain);
  const choose = async () => {
    const found = await send("collection", { writer: writer.value, classes: classes.value });
    if (found) next();
    else show(state);
  };

  keep.addEventListener("click", keepIt);
  undo.addEventListener("click", undoIt);
  skip.addEventListener("click", () => {
    const place = state.asked.indexOf(asked) + 1;
    ask(state.asked[place % state.asked.length]);
  });
  train.addEventListener("click", trainIt);
  more.addEventListener("click", () => showMore().catch(complain));
  part(panel, "recipe").addEventListener("change", (event) => (part(panel, "rounds").value = ROUNDS[event.target.value] ?? 1));
  writer.addEventListener("change", choose);
  classes.addEventListener("change", choose);
  part(panel, "pen").addEventListener("keydown", (event) => event.key === "Enter" && keepIt());
  part(panel, "export").addEventListener("click", () =>
    connection.ask("export samples", { format: part(panel, "format").value, of_writer: part(panel, "whose").value === "mine" ? state.writer : "" }).then((made) => connection.download(made)).catch(complain),
  );
  send("collection").then((found) => found && next());
}
