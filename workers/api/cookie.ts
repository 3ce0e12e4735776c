const NAMES = { tenant: 'ags_session', platform: 'ags_platform' } as const;
/** Whose session: somebody's of a tenant, or the platform admin's. A browser may have both, and neither stands for the other. */
export type SessionKind = keyof typeof NAMES;

export function cookieOf(request: Request, kind: SessionKind = 'tenant'): string | null {
  for (const part of request.headers.get('cookie')?.split(';') ?? []) {
    const [name, value] = part.trim().split('=');
    if (name === NAMES[kind] && value) return value;
  }
  return null;
}

/** TEN-3. Without `Secure` only over plain http, which is local work. `maxAgeS` 0 deletes. */
export const sessionCookie = (
  url: URL,
  value: string,
  maxAgeS: number,
  kind: SessionKind = 'tenant',
): string =>
  `${NAMES[kind]}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${url.protocol === 'https:' ? '; Secure' : ''}`;
