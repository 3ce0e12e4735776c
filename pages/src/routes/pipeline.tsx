export { PipelinePage as default } from '../views/pipeline/pipeline-page.tsx';
