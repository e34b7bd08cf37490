// Questions to a worker, and its answers.

import { AecodecError, packError, unpackError } from "./errors.js";

/** A worker for those who ask it; `start` starts it with the first question. */
export class Remote {
  #start;
  #worker;
  #last = 0;
  #questions = new Map(); // by number

  constructor(start) {
    this.#start = start;
  }

  /** The answer to a question. `transfer` names what moves to the worker. */
  ask(what, values, { signal, onProgress, transfer = [] } = {}) {
    if (signal?.aborted) throw signal.reason;
    const worker = (this.#worker ??= this.#started());
    const number = ++this.#last;
    const abort = () => {
      worker.postMessage({ number, isAborted: true });
      this.#questions.get(number).reject(signal.reason);
    };
    return new Promise((resolve, reject) => {
      this.#questions.set(number, { resolve, reject, onProgress });
      worker.postMessage({ number, what, values }, transfer);
      signal?.addEventListener("abort", abort);
    }).finally(() => {
      this.#questions.delete(number);
      signal?.removeEventListener("abort", abort);
    });
  }

  end() {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #started() {
    const worker = this.#start();
    worker.onmessage = ({ data }) => this.#answer(this.#questions.get(data.number), data);
    worker.onerror = ({ message }) => this.#fail(message);
    return worker;
  }

  #answer(question, { result, error, progress }) {
    if (progress) question?.onProgress?.({ isDownload: false, ...progress });
    else if (error) question?.reject(unpackError(error));
    else question?.resolve(result);
  }

  // The worker itself is broken: whoever waits is told, and the next question starts another.
  #fail(message) {
    this.end();
    const remedy = "put the worker files next to the library, and allow workers in the page's Content-Security-Policy";
    const error = new AecodecError(message || `the worker does not start: ${remedy}`);
    for (const { reject } of this.#questions.values()) reject(error);
  }
}

/** Answer questions in a worker. Returns a function that sends progress to all who wait.
 *
 * `answer` gets what is asked, values, and a function that reports progress and ends aborted jobs. */
export function serve(answer) {
  const aborted = new Map(); // by number of a running job
  const send = (number, progress) => {
    if (aborted.get(number)) throw new DOMException("the caller aborted the work", "AbortError");
    if (progress) postMessage({ number, progress });
  };
  const work = async ({ number, what, values }) => {
    aborted.set(number, false);
    try {
      const result = await answer(what, values, (progress) => send(number, progress));
      postMessage({ number, result }, buffersOf(result));
    } catch (error) {
      postMessage({ number, error: packError(error) });
    }
    aborted.delete(number);
  };
  onmessage = ({ data }) => {
    if (!data.isAborted) work(data);
    else if (aborted.has(data.number)) aborted.set(data.number, true);
  };
  return (progress) => aborted.forEach((_, number) => postMessage({ number, progress }));
}

function buffersOf(result) {
  const parts = [result, result?.pixels, result?.samples, result?.missing];
  return parts.filter((part) => part instanceof Uint8Array).map((part) => part.buffer);
}
