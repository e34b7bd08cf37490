/**
 * `<aec-img src="picture.aec" alt="...">`: an `.aec` file where an `<img>` would stand. Importing this module defines
 * it. `width` and `height` keep the room until the picture is there. Of a file with bands, it shows those that `bands`
 * names, as in `bands="3,2,1"`, counted from 1. Of a file with refinements, it shows the base as soon as its bytes are
 * there; with `base-only`, it fetches nothing else. Events: `preview` after a base that is not the last picture, `load`,
 * and `error`, whose `error` says what was wrong.
 */
export class AecImage extends HTMLElement {
  readonly complete: boolean;
  readonly naturalWidth: number;
  readonly naturalHeight: number;
}
