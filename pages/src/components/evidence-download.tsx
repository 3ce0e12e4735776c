import { Button } from '@cloudflare/kumo/components/button';
import { SealCheckIcon } from '@phosphor-icons/react';
import { ags } from '../api/client.ts';
import { saveFile } from '../api/save-file.ts';
import { useAct } from '../api/use-act.ts';

interface Props {
  pipelineId: string;
  ended: boolean;
  size?: 'sm' | 'base';
}

/** LEDG-3: the whole proof of a pipeline as one file, which anybody can verify without this system. */
export function EvidenceDownload({ pipelineId, ended, size = 'base' }: Props) {
  const { act, busy } = useAct();
  const save = async () => {
    const response = await ags.evidence(pipelineId);
    saveFile(`${pipelineId}.evidence.json`, await response.blob(), 'application/json');
  };
  return (
    <Button
      size={size}
      icon={SealCheckIcon}
      loading={busy}
      disabled={!ended}
      title={ended ? undefined : 'An evidence package is made once the pipeline has ended'}
      onClick={() => void act(save, 'Evidence saved')}
    >
      Evidence package
    </Button>
  );
}
