export { type Log, type LogFields, type LogLevel, log, logWith } from './log.ts';
export { formatTraceparent, joinTrace, type TraceContext } from './trace.ts';
