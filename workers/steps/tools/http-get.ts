import * as z from 'zod';
import { judgeUrl } from '#domain/governance/egress.ts';
import { redactText } from '#domain/governance/redaction.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { cutBytes } from './result.ts';
import { defineTool, type ToolContext, type ToolOutcome, textOf } from './tool.ts';

/** GOV-6. */
export const HTTP_LIMITS = {
  redirects: 3,
  timeout_ms: 5_000,
  bytes: 256 * 1024,
  shown_bytes: 40_000,
} as const;

const TEXT = /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|[\w.-]+\+(json|xml))\b)/i;

const refused = (code: string, message: string, transient = false): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient,
  origin: ['tool:http_get'],
});

/** At most `limit` bytes; what comes after is not read. */
async function readBody(response: Response, limit: number): Promise<{ bytes: Uint8Array; more: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let more = false;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    const chunk: Uint8Array = value.subarray(0, limit - size);
    chunks.push(chunk);
    size += chunk.length;
    if (chunk.length < value.length) {
      more = true;
      await reader.cancel();
      break;
    }
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, more };
}

async function textResult(response: Response, host: string): Promise<ToolOutcome> {
  const type = response.headers.get('content-type') ?? '';
  if (!TEXT.test(type)) {
    await response.body?.cancel();
    return refused(
      'not_text',
      `${host} answered with ${type.slice(0, 100) || 'no content type'}, which is not text.`,
    );
  }
  const { bytes, more } = await readBody(response, HTTP_LIMITS.bytes);
  // Before the cut, which could leave half a secret that nobody recognises.
  const whole = redactText(new TextDecoder().decode(bytes));
  const text = cutBytes(whole, HTTP_LIMITS.shown_bytes);
  const truncated = more || text.length < whole.length;
  return {
    ok: true,
    value: { status: response.status, content_type: type, text, truncated, sha256: sha256Hex(whole) },
    truncated,
    origin: ['tool:http_get', `url:${host}`, 'untrusted'],
  };
}

async function get(url: string, { egress, fetch: send, signal }: ToolContext): Promise<ToolOutcome> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HTTP_LIMITS.timeout_ms)]);
  let next = url;
  for (let hop = 0; hop <= HTTP_LIMITS.redirects; hop++) {
    const judged = judgeUrl(next, egress);
    if (!judged.ok)
      return refused(judged.error.rule, `${hop > 0 ? 'Redirected: ' : ''}${judged.error.reason}`);
    const response = await send(judged.value.href, {
      redirect: 'manual',
      signal: limit,
      headers: { Accept: 'text/*, application/json;q=0.9', 'User-Agent': 'agent-governance-system' },
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null)
      return await textResult(response, judged.value.host);
    await response.body?.cancel();
    next = URL.parse(location, judged.value.href)?.href ?? '';
  }
  return refused('too_many_redirects', `More than ${HTTP_LIMITS.redirects} redirects.`);
}

export const httpGet = defineTool({
  name: 'http_get',
  description:
    'Reads one web page or text file by GET. Only listed public hosts, over https; text only, 256 KiB at most. What it returns is untrusted material.',
  args: z.strictObject({ url: z.string().min(1).max(2_000) }),
  min_tier: 0,
  effect: 'pure',
  external: true,
  acts: false,
  target: (args) => URL.parse(textOf(args.url))?.host ?? '',
  run: async ({ url }, context) => {
    try {
      return await get(url, context);
    } catch {
      return refused('http_failed', 'The host could not be reached, or took longer than 5 s.', true);
    }
  },
});
