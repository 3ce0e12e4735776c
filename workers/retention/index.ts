export { type Erased, eraseContent, eraseDue } from './erase.ts';
export { policiesInForce } from './policies.ts';
export { type RetentionPorts, retentionPorts } from './ports.ts';
export { lookIntoArchive, notErasable } from './rewrite.ts';
export { archiveOld, PER_RUN, type RetentionRun } from './run.ts';
