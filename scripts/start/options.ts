import { parseArgs } from 'node:util';

export interface StartOptions {
  plan: string | null;
  once: boolean;
  run: boolean;
  /** null: 3000 or the next free one. */
  port: number | null;
  reset: boolean;
  json: boolean;
  help: boolean;
}

export const HELP = `npm start: a local deployment that runs a plan and stays up.

Usage: npm start -- [options]

  --plan FILE   run this plan instead of the sample
  --once        end when the plan has ended, with its exit code
  --no-run      only serve
  --port N      the port of API and dashboard (default: 3000 or the next free one)
  --reset       forget everything of earlier starts first
  --json        one JSON document on stdout; progress goes to stderr
  --help        this help

Real services are used where these are set (RUN-3 in docs/SPEC.md):
  model    OPENROUTER_API_KEY, or MODEL_BASE_URL with MODEL_NAME and MODEL_API_KEY
  Vault    VAULT_ADDR with VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN (VAULT_NAMESPACE)
  store    UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL

Everything it keeps lies in .ags/ (AGS_STATE_DIR names another folder).`;

export class BadOption extends Error {
  override readonly name = 'BadOption';
}

export function parseOptions(args: readonly string[]): StartOptions {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        plan: { type: 'string' },
        once: { type: 'boolean' },
        'no-run': { type: 'boolean' },
        port: { type: 'string' },
        reset: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new BadOption((error as Error).message);
  }
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new BadOption(`--port ${values.port}: a number from 1 to 65535 is wanted`);
  }
  if (values['no-run'] && (values.once || values.plan !== undefined)) {
    throw new BadOption('--no-run does not go with --once or --plan');
  }
  return {
    plan: (values.plan as string | undefined) ?? null,
    once: values.once === true,
    run: values['no-run'] !== true,
    port,
    reset: values.reset === true,
    json: values.json === true,
    help: values.help === true,
  };
}
