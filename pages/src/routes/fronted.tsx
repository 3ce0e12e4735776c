export { FrontedPage as default } from '../views/fronted/fronted-page.tsx';
