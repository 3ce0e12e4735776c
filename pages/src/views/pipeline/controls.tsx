import { Button } from '@cloudflare/kumo/components/button';
import { FlagCheckeredIcon, type Icon, PauseIcon, PlayIcon, StopIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { Pipeline } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { controlText } from '../../models/control-text.ts';
import type { Control } from '../../models/controls.ts';

const LOOK: Record<Control, { Icon: Icon; variant: 'primary' | 'secondary' | 'secondary-destructive' }> = {
  continue: { Icon: PlayIcon, variant: 'primary' },
  resume: { Icon: PlayIcon, variant: 'primary' },
  pause: { Icon: PauseIcon, variant: 'secondary' },
  abort: { Icon: FlagCheckeredIcon, variant: 'secondary' },
  stop: { Icon: StopIcon, variant: 'secondary-destructive' },
};

const SEND: Record<Control, (pipelineId: string, reason: string) => Promise<unknown>> = {
  continue: ags.continuePipeline,
  resume: ags.resume,
  pause: ags.pause,
  abort: ags.abort,
  stop: (pipeline_id, reason) => ags.revoke({ pipeline_id, reason }),
};

/** PIPE-10: the buttons that fit the newest state; each says what it does and asks why. */
export function Controls({ controls, pipeline }: { controls: Control[]; pipeline: Pipeline }) {
  const { act } = useAct();
  const [asking, setAsking] = useState<Control | null>(null);
  const text = asking && controlText(asking, pipeline);
  return (
    <>
      {controls.length > 0 && (
        <div className="flex flex-wrap gap-2">
          {controls.map((control) => {
            const { Icon, variant } = LOOK[control];
            return (
              <Button
                key={control}
                variant={variant}
                icon={<Icon weight="fill" />}
                onClick={() => setAsking(control)}
              >
                {controlText(control, pipeline).label}
              </Button>
            );
          })}
        </div>
      )}
      {asking && text && (
        <ConfirmDialog
          {...text}
          onClose={() => setAsking(null)}
          onConfirm={(reason) => act(() => SEND[asking](pipeline.pipeline_id, reason), text.done)}
        />
      )}
    </>
  );
}
