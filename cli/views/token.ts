import type { TokenStatusView } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { padEnd, printable } from '../terminal/text.ts';

type Status = TokenStatusView['status'];

const painted = (style: Style, status: Status): string => {
  const paint = {
    active: style.good,
    revoking: style.caution,
    revoked: style.faint,
    failed: style.bad,
    none: style.faint,
  };
  return paint[status](padEnd(status, 9));
};

const until = (status: Status, expires_at: string | null, confirmed_at: string | null): string => {
  if (confirmed_at) return `confirmed gone ${confirmed_at}`;
  return expires_at && status !== 'revoked' ? `until ${expires_at}` : '';
};

/** CRED-5: one line for the pipeline's own token, one for each agent's, and what went wrong last. */
export function tokenLines(token: TokenStatusView, style: Style): string[] {
  const { status, expires_at, confirmed_at, renewals, policies, last_error, agents } = token;
  const name = (text: string) => style.strong(padEnd(text, 10));
  const times = renewals === 1 ? 'renewed once' : `renewed ${renewals} times`;
  return [
    `${name('pipeline')} ${painted(style, status)} ${until(status, expires_at, confirmed_at)} ${style.faint(`${times}, policies ${policies.map((p) => printable(p)).join(', ') || 'none'}`)}`,
    ...agents.map(
      (a) => `${name(a.role)} ${painted(style, a.status)} ${until(a.status, a.expires_at, a.confirmed_at)}`,
    ),
    ...(last_error === null ? [] : [style.caution(`last error: ${printable(last_error)}`)]),
  ];
}
