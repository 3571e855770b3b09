// The page's one WebSocket: questions with answers, which comes back by itself when the server does.

const PREFIX = "token.";
const PROTOCOL = "strokes-studio";
const LONGEST_WAIT_MS = 2000;

export class Connection extends EventTarget {
  #socket = null;
  #next = 1;
  #waiting = new Map();
  #unsent = [];
  #wait = 100;
  #turn = 0;

  constructor() {
    super();
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given) {
      sessionStorage.setItem("token", given);
      sessionStorage.removeItem("key");
      history.replaceState(null, "", location.pathname);
    }
    this.#open();
  }

  get shown() {
    return sessionStorage.getItem("key") ?? sessionStorage.getItem("token") ?? "";
  }

  // Ask for something: a promise of the answer, with `cancel()`. `progress` is called with what is told meanwhile.
  // With `again`, a question that a lost connection left unanswered is asked again.
  ask(what, fields = {}, { progress = () => {}, again = false } = {}) {
    const id = this.#next++;
    const text = JSON.stringify({ id, do: what, ...fields });
    const answer = new Promise((done, failed) => this.#waiting.set(id, { done, failed, progress, again, text }));
    this.#send(text, id);
    answer.cancel = () => this.ask("cancel", { of: id }).catch(() => {});
    return answer;
  }

  async post(path, body) {
    const answer = await fetch(path, { method: "POST", body, headers: { authorization: `Bearer ${this.shown}` } });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return answer.json();
  }

  async file(identifier) {
    const answer = await fetch(`/api/files/${identifier}`, { headers: { authorization: `Bearer ${this.shown}` } });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return answer.blob();
  }

  async download({ file, name }) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.file(file));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  #send(text, id) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
    else this.#unsent.push({ text, id });
  }

  #open() {
    const shown = [sessionStorage.getItem("key"), sessionStorage.getItem("token")].filter(Boolean);
    if (!shown.length) {
      this.#tell("closed", "open the link that the studio printed");
      return;
    }
    const socket = new WebSocket(`ws://${location.host}/socket`, [PROTOCOL, PREFIX + shown[this.#turn++ % shown.length]]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#socket = socket;
      this.#wait = 100;
      this.#turn = 0;
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#heard(JSON.parse(data)) : this.#bytes(data));
    socket.onclose = () => this.#closed();
  }

  #closed() {
    this.#socket = null;
    this.#tell("closed", "reconnecting");
    for (const [id, one] of this.#waiting) {
      if (one.again) {
        if (!this.#unsent.some((unsent) => unsent.id === id)) this.#unsent.push({ text: one.text, id });
      } else {
        this.#waiting.delete(id);
        this.#unsent = this.#unsent.filter((unsent) => unsent.id !== id);
        one.failed(new Error("the studio was away; try again"));
      }
    }
    setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT_MS);
  }

  #heard(message) {
    if (message.hello) {
      sessionStorage.setItem("key", message.hello.key);
      this.#tell("open", "on this machine only");
      for (const { text } of this.#unsent.splice(0)) this.#socket.send(text);
      return;
    }
    const one = this.#waiting.get(message.id);
    if (!one) return;
    if (message.progress) {
      one.progress(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.error) one.failed(Object.assign(new Error(message.error), { cancelled: message.cancelled === true }));
    else one.done(message.done);
  }

  #bytes(data) {
    const id = new DataView(data).getFloat64(0, true);
    this.#waiting.get(id)?.done(data.slice(8));
    this.#waiting.delete(id);
  }

  #tell(state, words) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, words } }));
  }
}
