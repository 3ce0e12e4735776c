/** What is used of Node's module, which the runtime implements; Node's own types would bring their globals along. */
declare module 'node:crypto' {
  export function createHash(name: 'sha256'): {
    update(text: string): { digest(encoding: 'hex'): string };
  };
  export function randomBytes(bytes: number): { toString(encoding: 'hex'): string };
}
