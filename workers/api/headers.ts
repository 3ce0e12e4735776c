import { formatTraceparent, type TraceContext } from '#workers/telemetry/index.ts';

const SECURITY: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/** SEC-1 and OBS-2, on every answer. An answer that is a socket passes as it is: its headers are the handshake's. */
export function withHeaders(response: Response, trace: TraceContext): Response {
  if (response.status === 101) return response;
  const answer = new Response(response.body, response);
  for (const [name, value] of Object.entries(SECURITY))
    if (!answer.headers.has(name)) answer.headers.set(name, value);
  answer.headers.set('traceparent', formatTraceparent(trace));
  return answer;
}
