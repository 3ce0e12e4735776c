import { Badge } from '@cloudflare/kumo/components/badge';
import { useEffect, useState } from 'react';
import type { LedgerKeys, TreeHead, Witness } from '#client/index.ts';
import { ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { Raw } from '../../components/scroll-region.tsx';
import { dateTime, exact, plural } from '../../models/format.ts';
import { checkHead, type HeadCheck } from '../../models/signed-head.ts';

const verify = ed25519Verifier(crypto.subtle);

interface Props {
  heads: readonly TreeHead[];
  keys: LedgerKeys;
  witnesses: readonly Witness[];
}

function useCheck(head: TreeHead, keys: LedgerKeys, witnesses: readonly Witness[]): HeadCheck | null {
  const [check, setCheck] = useState<HeadCheck | null>(null);
  useEffect(() => {
    let here = true;
    void checkHead(head, keys, witnesses, verify).then((done) => here && setCheck(done));
    return () => {
      here = false;
    };
  }, [head, keys, witnesses]);
  return check;
}

function Head({ head, keys, witnesses }: Omit<Props, 'heads'> & { head: TreeHead }) {
  const check = useCheck(head, keys, witnesses);
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="font-semibold tabular">{plural(head.size, 'leaf', 'leaves')}</h3>
        {check && (
          <Badge variant={check.log ? 'success' : 'error'}>
            {check.log ? 'signature holds' : 'signature does not hold'}
          </Badge>
        )}
        {check && check.cosigned.length > 0 && (
          <Badge variant="success">{`${exact(check.cosigned.length)} cosigned`}</Badge>
        )}
      </div>
      <p className="mt-1 font-mono text-xs break-all text-kumo-subtle">root {head.root}</p>
      {check && (
        <p className="mt-1 text-sm text-kumo-subtle">
          {check.cosigned.length === 0
            ? 'No witness has signed it.'
            : `Signed by ${check.cosigned
                .map(({ name, at }) =>
                  at === null ? name : `${name} at ${dateTime(new Date(at).toISOString())}`,
                )
                .join(', ')}.`}
        </p>
      )}
      {check && check.bad.length > 0 && (
        <p className="mt-1 text-sm text-kumo-danger">
          Signatures that do not hold, or are by nobody on record: {check.bad.join(', ')}
        </p>
      )}
      <details className="mt-1">
        <summary className="min-h-6 text-sm text-kumo-link">The signed note</summary>
        <Raw label={`Signed note of ${head.size} leaves`} className="mt-2 max-h-72 bg-kumo-recessed">
          {head.checkpoint}
        </Raw>
      </details>
    </li>
  );
}

/** LEDG-2: signed states of the tenant's log; every signature is checked in this browser. */
export function Heads({ heads, ...rest }: Props) {
  return (
    <section aria-labelledby="heads" className="mb-8">
      <h2 id="heads" className="mb-3 font-semibold text-kumo-strong">
        Tree heads
      </h2>
      <ul className="panel">
        {heads.map((head) => (
          <Head key={head.size} head={head} {...rest} />
        ))}
      </ul>
    </section>
  );
}
