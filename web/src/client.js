// The page's side of the worker: questions out, answers and progress back.

import { AecodecError, unpackError } from "./errors.js";

function started() {
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch {
    const here = globalThis.location?.origin;
    if (!here) throw new AecodecError("files are read and written in workers, which only browsers have");
    throw new AecodecError(`the worker of ${import.meta.url} cannot be started: browsers start workers only from the page's own origin, so serve aecodec from ${here}`);
  }
}

class Client {
  constructor() {
    this.last = 0;
    this.open = new Map(); // questions, by number
  }

  /** Ask the worker, which starts with the first question. `transfer` names what moves there. */
  ask(what, values, { signal, onProgress, transfer = [] } = {}) {
    if (signal?.aborted) throw signal.reason;
    const number = ++this.last;
    const worker = this.#started();
    return new Promise((resolve, reject) => {
      const abort = () => {
        worker.postMessage({ abort: number });
        this.open.delete(number);
        reject(signal.reason);
      };
      const end = (settle) => (value) => {
        signal?.removeEventListener("abort", abort);
        settle(value);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.open.set(number, { resolve: end(resolve), reject: end(reject), onProgress });
      worker.postMessage({ number, what, ...values }, transfer);
    });
  }

  #started() {
    if (!this.worker) {
      this.worker = started();
      this.worker.onmessage = ({ data }) => this.#answer(data);
      this.worker.onerror = (event) => this.#fail(event.message);
    }
    return this.worker;
  }

  #answer({ number, result, error, done, of, isDownload = false }) {
    const question = this.open.get(number);
    if (!question) return;
    if (of !== undefined) {
      question.onProgress?.({ done, of, isDownload });
      return;
    }
    this.open.delete(number);
    if (error) question.reject(unpackError(error));
    else question.resolve(result);
  }

  // The worker itself is broken: whoever waits is told, and the next question starts another.
  #fail(message) {
    this.worker.terminate();
    this.worker = undefined;
    for (const { reject } of this.open.values()) reject(new AecodecError(message || "the worker does not start: put worker.js next to the library, and let the page's policy allow workers"));
    this.open.clear();
  }
}

export const client = new Client();
