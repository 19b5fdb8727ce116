### web
web-skip = 跳到正文
