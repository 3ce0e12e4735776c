import { vi } from 'vitest';

/** What becomes of one request: `pass` lets it through, and its answer may be kept, changed or thrown away. */
export type Fault = (request: Request, pass: () => Promise<Response>) => Promise<Response>;

interface Placed {
  where: RegExp;
  fault: Fault;
  left: number;
}

/**
 * The wire between this system and what it depends on, with faults on it (REL-3). It stands where HTTP is spoken, so that everything behind it
 * is the product's own: clients, time-outs, retries and records.
 */
export class FaultLine {
  #placed: Placed[] = [];
  /** `METHOD /path` of everything that went out. */
  readonly sent: string[] = [];
  /** How often a fault was met. A table row whose fault nobody met has shown nothing. */
  met = 0;

  /** From now on, for the next `times` requests whose `METHOD /path` fits. The newest fault that fits is the one that counts. */
  put(where: RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): this {
    this.#placed.unshift({ where, fault, left: times });
    return this;
  }

  mend(): this {
    this.#placed = [];
    return this;
  }

  /** Takes the place of `fetch` until `vi.unstubAllGlobals()`. */
  install(): this {
    const through = globalThis.fetch.bind(globalThis);
    vi.stubGlobal('fetch', (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const name = `${request.method} ${new URL(request.url).pathname}`;
      this.sent.push(name);
      const placed = this.#placed.find((p) => p.left > 0 && p.where.test(name));
      if (!placed) return through(request);
      placed.left -= 1;
      this.met += 1;
      return placed.fault(request, () => through(request.clone() as Request));
    });
    return this;
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

/** Answers, this much later (ms). */
export const slow =
  (ms: number): Fault =>
  async (request, pass) => {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), aborted(request.signal)]);
    return pass();
  };

/** The connection stands, and nothing comes. */
export const silent: Fault = (request) => aborted(request.signal);

export const refused: Fault = async () => {
  throw new TypeError('fetch failed');
};

export const answers =
  (status: number, body: unknown = { errors: [] }, headers: Record<string, string> = {}): Fault =>
  async () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

/** It is done, and nobody hears of it: the connection breaks before the answer. */
export const lostAnswer: Fault = async (_, pass) => {
  await pass();
  throw new TypeError('fetch failed');
};

/** The true answer, changed. `status` 0 or absent keeps its own. */
export const lies =
  (edit: (body: never) => unknown, status = 0): Fault =>
  async (_, pass) => {
    const response = await pass();
    const text = await response.text();
    const body = JSON.parse(text === '' ? 'null' : text) as never;
    return new Response(JSON.stringify(edit(body)), { status: status || response.status });
  };

/** Says that it is done, without passing anything on. */
export const pretends =
  (status: number, body: unknown = null): Fault =>
  async () =>
    new Response(body === null ? null : JSON.stringify(body), { status });
