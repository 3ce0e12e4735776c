import { fromBase64, toBase64 } from '../base64.ts';
import type { Hash } from './merkle.ts';

/** C2SP tlog-checkpoint: the head of one log. `origin` names the log: the deployment's name, a slash, the tenant. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Hash;
}

export const logOrigin = (deployment: string, tenant: string): string => `${deployment}/${tenant}`;

/** The text that is signed: three lines, each ended by a line break. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** null unless it is written exactly as {@link formatCheckpoint} writes it: extension lines are not used here. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin = '', size = '', root = ''] = /^(\S+)\n(0|[1-9]\d{0,15})\n(\S+)\n$/.exec(text) ?? [];
  const hash = fromBase64(root);
  if (hash?.length !== 32 || !Number.isSafeInteger(Number(size))) return null;
  return { origin, size: Number(size), root: hash };
}
