import { LinkButton } from '@cloudflare/kumo/components/button';
import { DownloadSimpleIcon } from '@phosphor-icons/react';
import { Link } from 'wouter';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { exact, plural, shortId } from '../../models/format.ts';

const SHOWN = 20;

/** LEDG-5: pipelines whose logs have left the ledger for the archive, each as a package that verifies. Nothing while there is none. */
export function Archives() {
  const asked = useResource('archives', () => ags.archives({ limit: SHOWN }));
  const items = asked.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="archives" className="panel mt-6 p-4">
      <h2 id="archives" className="font-medium">
        Archived pipelines
      </h2>
      <p className="mt-1 text-sm text-kumo-subtle">
        Older than this tenant keeps them in the ledger: their entries are not found above any more. Each
        package holds them with their proofs, and can be{' '}
        <Link href="/verify" className="text-kumo-link underline">
          verified
        </Link>
        .{asked.data?.next_cursor != null && ` The newest ${SHOWN}; \`ags archive list\` has all.`}
      </p>
      <ul className="mt-3 divide-y divide-kumo-line">
        {items.map((a) => (
          <li
            key={a.pipeline_id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 text-sm tabular"
          >
            <span className="min-w-0 flex-1 basis-60">
              <span className="font-medium">#{a.number}</span>{' '}
              <span className="font-mono text-xs">{shortId(a.pipeline_id)}</span>, archived{' '}
              <Ago at={a.archived_at} />: {plural(a.events, 'event')}, {exact(a.bytes)} bytes
              {a.removed_at === null && ', being moved'}
            </span>
            <LinkButton
              size="sm"
              icon={DownloadSimpleIcon}
              href={`/api/archives/${a.pipeline_id}`}
              aria-label={`Evidence of pipeline ${a.number}`}
              download
            >
              Evidence
            </LinkButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
