import type { CreatedKey } from '#client/index.ts';
import type { Style } from '../../terminal/style.ts';

/** TEN-2: nobody can show the secret again. */
export const shownOnce = (key: CreatedKey, style: Style): string[] => [
  key.secret,
  style.faint(`This is ${key.key_id}. Its secret is shown this once; keep it where secrets are kept.`),
];
