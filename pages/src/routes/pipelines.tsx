import { useTitle } from '../components/use-title.ts';
import { PipelinesPage } from '../views/pipelines/pipelines-page.tsx';

export default function PipelinesRoute() {
  useTitle('Pipelines');
  return <PipelinesPage />;
}
