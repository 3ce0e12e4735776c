import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { PlugsConnectedIcon, PlusIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { McpServer, McpTool } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { orderTools, waiting } from '../../models/fronted.ts';
import { AddServer } from './add-server.tsx';
import { PinTool } from './pin-tool.tsx';
import { Tool } from './tool.tsx';

const EVERY = 15_000;

interface ServerProps {
  server: McpServer;
  /** Null: this caller only reads. */
  onRemove: (() => void) | null;
  onWord: ((tool: McpTool, word: 'pin' | 'refuse') => void) | null;
  onChanged(): void;
}

function Server({ server: s, onRemove, onWord, onChanged }: ServerProps) {
  const caller = useCaller();
  const { act, busy } = useAct();
  const isPerson = caller.subject_kind === 'person';
  const look = async () => {
    await act(() => ags.lookAtMcpServer(s.name), `${s.name} was asked`);
    onChanged();
  };
  return (
    <section aria-labelledby={`server-${s.name}`} className="panel mb-6">
      <div className="flex flex-wrap items-start justify-between gap-3 p-4">
        <div className="min-w-0">
          <h2 id={`server-${s.name}`} className="flex flex-wrap items-center gap-2 font-semibold">
            {s.name}
            {waiting(s) > 0 && <Badge variant="warning">{`${waiting(s)} to look at`}</Badge>}
          </h2>
          <p className="font-mono text-xs break-all text-kumo-subtle">{s.url}</p>
          <p className="mt-1 text-sm text-kumo-subtle">
            {s.secret_path ? `Credential at ${s.secret_path}, ` : 'No credential, '}
            {s.looked_at ? (
              <>
                last seen <Ago at={s.looked_at} />
              </>
            ) : (
              'not seen yet'
            )}
          </p>
          {s.look_error && (
            <p className="mt-1 text-sm break-words text-kumo-danger">The last look failed: {s.look_error}</p>
          )}
        </div>
        {onRemove && (
          <div className="flex flex-wrap gap-2">
            <Button size="sm" loading={busy} onClick={look} aria-label={`Look now: ${s.name}`}>
              Look now
            </Button>
            <Button
              size="sm"
              variant="secondary-destructive"
              onClick={onRemove}
              aria-label={`Remove ${s.name}`}
            >
              Remove…
            </Button>
          </div>
        )}
      </div>
      <ul>
        {orderTools(s.tools).map((tool) => (
          <Tool
            key={tool.tool}
            tool={tool}
            onPin={
              onWord && isPerson && tool.state !== 'pinned' && tool.state !== 'gone'
                ? () => onWord(tool, 'pin')
                : null
            }
            onRefuse={
              onWord && tool.state !== 'refused' && tool.state !== 'gone'
                ? () => onWord(tool, 'refuse')
                : null
            }
          />
        ))}
      </ul>
    </section>
  );
}

interface Word {
  server: McpServer;
  tool: McpTool;
  word: 'pin' | 'refuse';
}

/** GOV-9: the tenant's own MCP servers behind the gate; an admin registers them, a person vouches for each tool's text. */
export function FrontedPage() {
  const { role } = useCaller();
  const { act } = useAct();
  const asked = useResource('fronted servers', () => ags.mcpServers(), { every: EVERY });
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<McpServer | null>(null);
  const [word, setWord] = useState<Word | null>(null);
  const servers = asked.data?.items ?? [];
  const mayChange = role === 'admin';
  return (
    <>
      <PageHeader
        title="MCP servers"
        actions={
          mayChange && (
            <Button variant="primary" icon={<PlusIcon />} onClick={() => setAdding(true)}>
              Front a server…
            </Button>
          )
        }
      >
        Servers of your own whose tools go through the gate. A tool is offered to agents once a person has
        pinned its text, and shut when the text changes. Each server is asked every six hours.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="MCP servers">
            <Skeleton className="h-40" />
          </Loading>
        )
      ) : servers.length === 0 ? (
        <Empty
          icon={<PlugsConnectedIcon size={48} aria-hidden="true" />}
          title="No server is fronted"
          description="An admin registers one here, or with `ags mcp add`."
        />
      ) : (
        servers.map((server) => (
          <Server
            key={server.name}
            server={server}
            onRemove={mayChange ? () => setRemoving(server) : null}
            onWord={mayChange ? (tool, said) => setWord({ server, tool, word: said }) : null}
            onChanged={asked.reload}
          />
        ))
      )}
      {adding && <AddServer onClose={() => setAdding(false)} onAdded={asked.reload} />}
      {word?.word === 'pin' && <PinTool {...word} onClose={() => setWord(null)} onPinned={asked.reload} />}
      {word?.word === 'refuse' && (
        <ConfirmDialog
          title={`Refuse ${word.tool.tool}?`}
          description="No agent is offered it as it describes itself today. A pin that it has is withdrawn."
          confirm="Refuse it"
          reason="Its description is not acceptable"
          destructive
          onClose={() => setWord(null)}
          onConfirm={async (reason) => {
            const { tool, sha256 } = word.tool;
            const done = await act(
              () => ags.refuseMcpTool(word.server.name, { tool, sha256, reason }),
              'Refused',
            );
            asked.reload();
            return done;
          }}
        />
      )}
      {removing && (
        <FormDialog
          title={`Remove ${removing.name}?`}
          description="Its tools are offered no longer. Who did it stands in the tenant’s log."
          confirm="Remove it"
          ready
          onClose={() => setRemoving(null)}
          onSubmit={async () => {
            await ags.removeMcpServer(removing.name);
            asked.reload();
          }}
        >
          <p>Everything that was pinned of it is forgotten.</p>
        </FormDialog>
      )}
    </>
  );
}
