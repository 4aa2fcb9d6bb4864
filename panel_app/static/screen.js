// Shows HTML, and tells the server where a person wants to go. A link or a form with data-go leads to another state of the
// same page: its address is put in the browser's bar and sent to the server, which answers with other HTML.

// What a person is at stays: an open menu, and what is half filled in there.
const is_filled_in = node => node.nodeName === "DETAILS" && node.open && node.querySelector("form")
const morphing = {
  morphStyle: "innerHTML",
  ignoreActiveValue: true,
  callbacks: {
    beforeNodeMorphed: node => !is_filled_in(node),
    beforeAttributeUpdated: (name, node, _kind) => !(name === "open" && node.hasAttribute("data-stays-open")),
  },
}

const plain = event => event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)

function address_of(form) {
  const search = new URLSearchParams()
  for (const [name, value] of new FormData(form)) if (value !== "") search.append(name, value)
  const text = search.toString()
  return form.getAttribute("action") + (text ? `?${text}` : "")
}

export function render({ model, el }) {
  const root = document.createElement("div")
  root.className = "screen"
  root.innerHTML = model.html

  const go = (href, remember = "pushState") => {
    if (model.moves_address) history[remember]({}, "", new URL(href, document.baseURI))
    model.send_msg({ go: href })
  }
  const wanted = form => form.closest("form[data-go]")

  root.addEventListener("click", event => {
    const link = event.target.closest("a[data-go], button[data-copy], button[data-png]")
    if (!link) return
    if (link.matches("button[data-copy]")) return copy(root, link)
    if (link.matches("button[data-png]")) return save_picture(link)
    if (!plain(event)) return
    event.preventDefault()
    link.closest("details[data-menu]")?.removeAttribute("open")
    go(link.getAttribute("href"))
  })
  root.addEventListener("submit", event => {
    if (event.target.matches("form[data-send]")) {
      event.preventDefault()
      return model.send_msg({ send: Object.fromEntries(new FormData(event.target)) })
    }
    const form = wanted(event.target)
    if (!form) return
    event.preventDefault()
    form.closest("details[data-menu]")?.removeAttribute("open")
    go(address_of(form))
  })
  root.addEventListener("change", event => {
    const form = wanted(event.target)
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio]")) {
      go(address_of(form))
    }
  })
  let typed
  root.addEventListener("input", event => {
    const list = event.target.getAttribute("data-narrows")
    if (list) return narrow(root.querySelector(`#${list}`), event.target.value)
    const form = event.target.matches("input[type=search]") && wanted(event.target)
    if (!form) return
    clearTimeout(typed)
    typed = setTimeout(() => go(address_of(form), "replaceState"), 300)
  })
  root.addEventListener("keydown", event => {
    if (event.key !== "Escape") return
    const menu = event.target.closest("details[data-menu][open]")
    if (!menu) return
    menu.removeAttribute("open")
    menu.querySelector("summary").focus()
  })
  const close_menus = event => {
    for (const menu of root.querySelectorAll("details[data-menu][open]"))
      if (!event.composedPath().includes(menu)) menu.removeAttribute("open")
  }
  document.addEventListener("click", close_menus)

  const moved = () => model.send_msg({ go: `.${location.pathname.slice(location.pathname.lastIndexOf("/"))}${location.search}` })
  if (model.moves_address && model.hears_back) window.addEventListener("popstate", moved)

  // A form, or somebody's own typing, can name the same state in other words.
  model.on("address", () => {
    const wanted = new URL(model.address, document.baseURI)
    if (model.moves_address && wanted.href !== location.href) history.replaceState({}, "", wanted)
  })
  const draw = () => Idiomorph.morph(root, model.html, morphing)
  model.on("html", draw)
  root.addEventListener("toggle", event => { if (!event.target.open) draw() }, { capture: true })
  model.on("remove", () => {
    window.removeEventListener("popstate", moved)
    document.removeEventListener("click", close_menus)
  })
  return root
}

// Leave in a list only the lines that hold the text.
function narrow(list, text) {
  const wanted = text.trim().toLocaleLowerCase()
  for (const line of list.children) line.hidden = !line.textContent.toLocaleLowerCase().includes(wanted)
}

function copy(root, button) {
  const text = root.querySelector(`#${button.getAttribute("data-copy")}`).textContent
  const said = button.textContent
  const done = () => {
    button.textContent = "Copied"
    setTimeout(() => { button.textContent = said }, 1500)
  }
  const by_hand = () => {  // without https a browser has no clipboard to offer
    const area = document.createElement("textarea")
    area.value = text
    document.body.append(area)
    area.select()
    if (document.execCommand("copy")) done()
    area.remove()
    button.focus()
  }
  navigator.clipboard ? navigator.clipboard.writeText(text).then(done, by_hand) : by_hand()
}

// Save the chart that is the nearest above the button as a picture, on the colour of the page.
function save_picture(button) {
  const below = button.getBoundingClientRect().top
  const near = charts().map(view => ({ view, away: Math.abs(below - view.el.getBoundingClientRect().bottom) }))
  const nearest = near.sort((one, other) => one.away - other.away)[0]
  if (!nearest) return
  const drawn = nearest.view.export("png").canvas
  const picture = document.createElement("canvas")
  picture.width = drawn.width
  picture.height = drawn.height
  const pen = picture.getContext("2d")
  pen.fillStyle = getComputedStyle(document.body).backgroundColor
  pen.fillRect(0, 0, picture.width, picture.height)
  pen.drawImage(drawn, 0, 0)
  const link = document.createElement("a")
  link.download = "pixels.png"
  link.href = picture.toDataURL("image/png")
  link.click()
}

function charts() {
  const seen = new Set(), found = []
  const look = view => {
    if (!view || seen.has(view)) return
    seen.add(view)
    if (view.model?.type === "Figure") found.push(view)
    for (const child of typeof view.children === "function" ? view.children() : view.child_views ?? []) look(child)
  }
  for (const view of [...Object.values(Bokeh.index), ...(Bokeh.index.roots ?? [])]) look(view)
  return found
}
