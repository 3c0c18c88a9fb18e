// Passes the public link on; it never holds the secret, which lies in a cookie only.

/** Show the button where the browser can share or copy. */
export function offerSharing() {
  const button = document.getElementById('share');
  const field = document.getElementById('share-url');
  if (!button || !(navigator.share || navigator.clipboard)) return;
  button.hidden = false;
  field.onfocus = () => field.select();
  button.onclick = async () => {
    try {
      if (navigator.share) {
        await navigator.share({title: button.dataset.title, url: field.value});
        return;
      }
      await navigator.clipboard.writeText(field.value);
      const words = button.textContent;
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = words), 2500);
    } catch (error) {
      // AbortError: somebody has thought better of it
      if (error.name !== 'AbortError') field.select();
    }
  };
}
