/** W3C trace context (OBS-2): 16 bytes of trace id, 8 of span id, in lower-case hex. */
export interface TraceContext {
  trace_id: string;
  span_id: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('');

/** Joins the caller's trace with a span of its own, or begins a trace when the header is absent or malformed. */
export function joinTrace(traceparent: string | null): TraceContext {
  const given = TRACEPARENT.exec(traceparent ?? '')?.[1];
  const valid = given !== undefined && !/^0+$/.test(given) && !traceparent?.startsWith('ff');
  return { trace_id: valid ? given : randomHex(16), span_id: randomHex(8) };
}

export const formatTraceparent = ({ trace_id, span_id }: TraceContext): string =>
  `00-${trace_id}-${span_id}-01`;
