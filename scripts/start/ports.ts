import { connect, createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';
/** How many ports after the wanted one are tried. */
const TRIES = 50;

/** Somebody answers there, even where the system would let us listen as well (macOS does). */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
    socket.setTimeout(500, () => done(false));
  });

const canListen = (port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(null));
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });

export const isFree = async (port: number): Promise<boolean> =>
  !(await answers(port)) && (await canListen(port)) !== null;

/** Any free port, as the system gives it. */
export async function anyPort(): Promise<number> {
  const port = await canListen(0);
  if (port === null) throw new Error('no port can be opened on 127.0.0.1');
  return port;
}

/** The wanted port or the next free one. */
export async function freePortFrom(wanted: number): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + TRIES, 65_536); port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${wanted} to ${wanted + TRIES - 1}`);
}
