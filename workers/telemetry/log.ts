export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, unknown>;
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

/** SEC-3: what such a field holds never reaches a log, whoever put it there. */
const SECRET_NAME = /secret|password|authorization|cookie|pepper|api_?key|^key$|^token$|_token$|ticket/i;
const SECRET_VALUE =
  /\b(ags_[a-z0-9-]+_k[a-z0-9]+_[a-z0-9]{8,}|(?:ses|lnk|tkt)_[a-z0-9-]+_[a-z0-9]{8,}|hv[bsr]\.[\w-]{8,}|Bearer\s+\S+)/g;
const MAX_TEXT = 2_000;
const MAX_DEPTH = 4;

function clean(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(SECRET_VALUE, '[redacted]').slice(0, MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return clean(value.stack ?? `${value.name}: ${value.message}`);
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) ? '[redacted]' : clean(inner, depth + 1),
    ]),
  );
}

/** One JSON line (OBS-3). `tenant`, `pipeline_id`, `agent_id`, `step_id` and `trace_id` are the names to search by. */
export const log: Log = (level, message, fields = {}) => {
  const line = JSON.stringify({
    at: new Date().toISOString(),
    level,
    message: clean(message),
    ...(clean(fields) as LogFields),
  });
  console[level](line);
};

/** The same log with fields that every line carries. */
export const logWith =
  (common: LogFields): Log =>
  (level, message, fields) =>
    log(level, message, { ...common, ...fields });
