// Browsers start no web worker for a page that is opened from disk. There the search's script runs in a hidden frame,
// which is given what a worker has: messages both ways, and `importScripts`.
if (location.protocol === "file:") {
  const load = (frame, url) =>
    new Promise((resolve, reject) => {
      const script = frame.document.createElement("script")
      Object.assign(script, { src: url, onload: resolve, onerror: reject })
      frame.document.body.append(script)
    })

  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const element = document.createElement("iframe")
      element.hidden = true
      document.body.append(element)
      this.frame = element.contentWindow
      this.frame.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      this.frame.importScripts = (...urls) =>
        urls.reduce((earlier, one) => earlier.then(() => load(this.frame, one)), Promise.resolve())
      this.ready = load(this.frame, url)
    }

    postMessage(data) {
      this.ready.then(() => this.frame.dispatchEvent(new MessageEvent("message", { data })))
    }
  }
}
