/** The script of the slider through a page's sample steps. */

/**
 * The page's script: the slider, the play button and the film strip swap the generated pictures.
 *
 * The element with `data-folders` lists the step folders in order; an image with `data-map` shows that map's picture.
 * Without JavaScript the slider stays hidden and the page shows the last step.
 */
export const PLAYER_SCRIPT = `
(() => {
  const player = document.querySelector('[data-folders]');
  if (!player) return;
  const folders = player.dataset.folders.split(' ');
  const slider = player.querySelector('input');
  const output = player.querySelector('output');
  const button = player.querySelector('button');
  const paintings = [...document.querySelectorAll('img[data-map]')];
  const film = [...document.querySelectorAll('a[data-frame]')];
  const source = (folder, map) => 'samples/' + folder + '/painted-' + map + '.png';
  const name = (folder) => 'step ' + Number(folder.slice(5)).toLocaleString('en-US');
  let timer;
  let loaded = false;
  // Fetched when the reader first reaches for the slider: swapping is then free of flicker.
  const load = () => {
    if (loaded) return;
    loaded = true;
    for (const folder of folders) for (const { dataset } of paintings) new Image().src = source(folder, dataset.map);
  };
  const show = (frame) => {
    const folder = folders[frame];
    slider.value = String(frame);
    slider.setAttribute('aria-valuetext', name(folder));
    output.textContent = name(folder);
    for (const image of paintings) {
      image.src = source(folder, image.dataset.map);
      image.closest('a').href = image.src;
    }
    for (const link of film) {
      if (Number(link.dataset.frame) === frame) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    player.classList.remove('playing');
    button.setAttribute('aria-label', 'Play');
  };
  const play = () => {
    load();
    if (Number(slider.value) === folders.length - 1) show(0);
    player.classList.add('playing');
    button.setAttribute('aria-label', 'Pause');
    timer = setInterval(() => {
      const next = Number(slider.value) + 1;
      if (next < folders.length) show(next);
      if (next >= folders.length - 1) stop();
    }, Math.max(120, Math.min(700, 8000 / folders.length)));
  };
  button.addEventListener('click', () => (timer ? stop() : play()));
  slider.addEventListener('pointerenter', load);
  slider.addEventListener('focus', load);
  slider.addEventListener('input', () => { stop(); show(Number(slider.value)); });
  for (const link of film) {
    link.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      stop();
      show(Number(link.dataset.frame));
    });
  }
  player.hidden = false;
  show(folders.length - 1);
})();
`;
