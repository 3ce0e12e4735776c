import { PipelinePage } from '../views/pipeline/pipeline-page.tsx';

export const PipelineRoute = ({ id }: { id: string }) => <PipelinePage id={id} />;
