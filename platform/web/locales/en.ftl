### web
web-skip = Skip to content
