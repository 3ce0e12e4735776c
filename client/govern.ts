/**
 * Governs the tools of an agent that runs anywhere (GOV-7): ask, act, report. One file without dependencies, so that it can be copied
 * into any project; `ags connect` does that.
 *
 * @example
 * const govern = governor();
 * const restart = govern('restart_service', restartService, { target: ({ host }) => host });
 */
export interface GovernorOptions {
  /** The deployment; AGS_URL without it. */
  url?: string;
  /** The agent's session token; AGS_SESSION_TOKEN without it. */
  token?: string;
  /** How long a person is waited for, in seconds. */
  waitS?: number;
  fetch?: typeof fetch;
}

export interface ToolOptions<A> {
  /** What these arguments would touch; `localhost` without it. */
  target?: string | ((args: A) => string);
  /** What the arguments derive from, e.g. `web`. */
  origin?: string[];
  /**
   * This call cannot be taken back, so a person approves it. It can only tighten what the agent's registration says of the tool; of one
   * that the registration does not name, a person approves each call anyway.
   */
  irreversible?: boolean | ((args: A) => boolean);
}

export interface GateAnswer {
  action_id: string;
  decision: 'allow' | 'deny' | 'require_approval' | null;
  status: string;
  reason: string | null;
  remedy: string | null;
  approval_id: string | null;
  enforcement: 'enforced' | 'cooperative';
  result?: unknown;
  error: string | null;
}

/** The gate said no, a person did not say yes in time, or the gate could not be asked. The tool did not run. */
export class Denied extends Error {
  override readonly name = 'Denied';
  readonly answer: GateAnswer | null;

  constructor(message: string, answer: GateAnswer | null = null) {
    super(message);
    this.answer = answer;
  }
}

interface Asked {
  tool: string;
  arguments: Record<string, unknown>;
  target: string;
  origin: string[];
  irreversible?: true;
}

export type Governor = <A extends Record<string, unknown>, R>(
  tool: string,
  run: (args: A) => R | Promise<R>,
  options?: ToolOptions<A>,
) => (args: A) => Promise<R>;

const WAIT_S = 300;
/** The longest that one request waits, in seconds. */
const POLL_S = 25;
const REPORTS = 3;

const environment = (name: string): string | undefined =>
  (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env[name];

function told(answer: GateAnswer): string {
  const what =
    answer.status === 'waiting_approval' ? `A person has to approve it: ${answer.approval_id}.` : '';
  return [answer.reason ?? answer.error, what, answer.remedy].filter(Boolean).join(' ');
}

/** Wraps tools. Without address or token every call is denied: nothing runs ungoverned by mistake. */
export function governor(options: GovernorOptions = {}): Governor {
  const url = (options.url ?? environment('AGS_URL') ?? '').replace(/\/+$/, '');
  const token = options.token ?? environment('AGS_SESSION_TOKEN') ?? '';
  const send = options.fetch ?? fetch;
  const waitS = options.waitS ?? WAIT_S;

  async function call(path: string, body?: unknown, key?: string): Promise<GateAnswer> {
    let response: Response;
    let answer: { detail?: string; remedy?: string };
    try {
      response = await send(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...(key ? { 'idempotency-key': key } : {}),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout((POLL_S + 15) * 1_000),
      });
      answer = (await response.json()) as typeof answer;
    } catch {
      throw new Denied('The gate cannot be reached, so nothing is allowed.');
    }
    if (!response.ok) throw new Denied([answer.detail, answer.remedy].filter(Boolean).join(' '));
    return answer as unknown as GateAnswer;
  }

  async function ask(asked: Asked): Promise<GateAnswer> {
    const until = Date.now() + waitS * 1_000;
    const left = () => Math.max(0, Math.min(POLL_S, (until - Date.now()) / 1_000));
    const body = { ...asked, wait_s: left() };
    let answer = await call('/api/actions', body, crypto.randomUUID());
    const open = ({ status, enforcement }: GateAnswer) =>
      status === 'waiting_approval' ||
      status === 'requested' ||
      (status === 'allowed' && enforcement === 'enforced');
    while (open(answer) && left() > 0)
      answer = await call(`/api/actions/${answer.action_id}?wait_s=${left()}`);
    return answer;
  }

  /** An outcome that cannot be told counts as unknown after ten minutes; the tool's own result stands. */
  async function report(action_id: string, outcome: object): Promise<void> {
    for (let n = 0; n < REPORTS; n++) {
      const sent = await call(`/api/actions/${action_id}/outcome`, outcome).catch(() => null);
      if (sent) return;
    }
  }

  return (tool, run, { target = 'localhost', origin = [], irreversible = false } = {}) =>
    async (args) => {
      const touched = typeof target === 'function' ? target(args) : target;
      const final = typeof irreversible === 'function' ? irreversible(args) : irreversible;
      const asked = { tool, arguments: args, target: touched, origin };
      const answer = await ask(final ? { ...asked, irreversible: true } : asked);
      if (answer.enforcement === 'enforced' && answer.status === 'succeeded')
        return answer.result as Awaited<ReturnType<typeof run>>;
      if (answer.status !== 'allowed' || answer.enforcement === 'enforced')
        throw new Denied(told(answer), answer);
      try {
        const result = await run(args);
        await report(answer.action_id, { status: 'succeeded', result: result ?? null });
        return result;
      } catch (error) {
        await report(answer.action_id, { status: 'failed', error: String(error).slice(0, 8_000) });
        throw error;
      }
    };
}
