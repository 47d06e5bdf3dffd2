// Sets theme, size and language before anything is painted. Not a module, so that it runs at once.
(() => {
  const root = document.documentElement;
  const kept = (name, usual) => {
    try {
      return localStorage.getItem(`sambus.${name}`) || usual;
    } catch {
      return usual;
    }
  };
  root.dataset.theme = kept("theme", "auto");
  root.dataset.size = kept("size", "m");
  const browser = (navigator.language || "sv").toLowerCase().startsWith("en") ? "en" : "sv";
  root.lang = kept("lang", browser);
})();
