const NAME = 'ags_session';

export function cookieOf(request: Request): string | null {
  for (const part of request.headers.get('cookie')?.split(';') ?? []) {
    const [name, value] = part.trim().split('=');
    if (name === NAME && value) return value;
  }
  return null;
}

/** TEN-3. Without `Secure` only over plain http, which is local work. `maxAgeS` 0 deletes. */
export const sessionCookie = (url: URL, value: string, maxAgeS: number): string =>
  `${NAME}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${url.protocol === 'https:' ? '; Secure' : ''}`;
