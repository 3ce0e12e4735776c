import { PipelinePage } from '../views/pipeline/pipeline-page.tsx';

export default function PipelineRoute({ id }: { id: string }) {
  return <PipelinePage id={id} />;
}
