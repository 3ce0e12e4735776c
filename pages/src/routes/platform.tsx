export { PlatformArea as default } from '../views/platform/platform-area.tsx';
