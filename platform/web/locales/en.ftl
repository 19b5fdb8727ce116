### web
web-skip = Skip to content
web-large-on = Large version
web-large-off = Standard version
web-language = English
web-sign-in = Sign in
web-sign-out = Sign out
web-demo = Demo data, all fictional.
web-demo-switch = Switch role
web-demo-tour = Take the tour
web-search = Find data or a department
web-search-button = Search
web-menu = Main menu
web-crumbs = You are here
web-phone = Talk to a person: { $phone }
web-api = API documents
web-licences = Open-source licences
table-total = { $total } in all
table-shown = { $first }–{ $last } of { $total }
table-previous = Previous
table-next = Next
table-start = Back to start
table-pages = Pages
table-missing = no value
table-empty = Nothing here yet.
table-export = Download this list:
export-csv = CSV
export-csv-excel = CSV for Excel
export-xlsx = Excel workbook
export-json = JSON
form-required = required
chart-table = Show as a table
problem-title = That did not work
problem-back = Go back
problem-home = Go to the home page
problem-request = Request number: { $request }. Please give it when you call.
problem-sign-in = Sign in
api-title = API documents
api-intro = Every page has its JSON at the same address: add ?format=json, or send Accept: application/json.
api-openapi = Machine-readable description (OpenAPI 3.1)
api-call = Try one
api-routes = All addresses
api-method = Method
api-path = Address
api-does = What it does
api-permission = Permission
api-open = open
api-signed-in = signed in
licences-title = Open-source licences
licences-intro = Open-source software inside these pages, delivered with the product.
licences-none = This build has no scripts in its pages; everything works without them.
health-ok = ok

### errors of the platform
error-unauthenticated = Please sign in first.
error-too-many = Too often. Please try again in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
}.
error-timeout = That took too long and was stopped. Please narrow it down.
error-internal = Something broke on our side. It has been noted.
error-kind-400 = The request could not be understood.
error-kind-401 = Please sign in first.
error-kind-403 = You may not do this.
error-kind-404 = Not found.
error-kind-405 = This address does not take that method.
error-kind-409 = This cannot be done now.
error-kind-410 = This was taken down.
error-kind-413 = That is too large.
error-kind-422 = Something is filled in wrongly.
error-kind-429 = Too often. Please try again later.
error-kind-500 = Something broke on our side. It has been noted.
error-kind-503 = Not available just now. Please try again later.
error-kind-504 = That took too long and was stopped.
error-page-unknown = There is no such page. Check the address, or search from the home page.
error-method-unknown = This address does not take that method.
error-path-format = The address is not well formed.
error-body-format = What was sent could not be understood.
error-body-large = What was sent is larger than the limit.
error-body-kind = This kind of content is not taken here.
error-fields-many = More than { $limit } fields were sent.
error-field-missing = Please fill this in.
error-field-number = This must be a whole number.
error-form-expired = The form has expired. Go back, reload the page, and submit again.
error-form-foreign = The request came from another site and was not carried out.
error-export-columns = More than { $limit } columns do not fit an Excel workbook. Please download CSV.
error-id-format = The number is not well formed.
error-handle-format = The number is not well formed.
error-role-unknown = There is no such role: { $given }.
error-cursor-format = This place in the list is not valid. Please start from the first page.
error-text-empty = Please fill this in.
error-text-too-long = At most { $limit } characters.
error-grade-range = A grade is 1 to 4.
error-date-format = Write dates like 2026-11-21.
error-time-format = Write times like 2026-11-21T14:20:00.
error-not-allowed = Your role does not have this permission ({ $permission }).
error-setting-unknown = There is no such setting: { $given }.

### store
error-exists = It exists already.
error-referenced = Something else is tied to it, or what it points to is not there.
error-store-busy = The system is busy. Try again in a few seconds.
error-store-down = The database does not answer. Try again later.
error-store-address = Write the database address as sqlite:FILE or postgres://HOST/DATABASE.
error-store-snapshot-elsewhere = Back up PostgreSQL with its own tools.
error-migration-changed = Step { $number } of the tables of { $capability } differs from what was applied. Not starting.
error-disk-full = The disk is full and nothing was saved. Tell the operator.
error-disk-readonly = The storage directory cannot be written and nothing was saved. Tell the operator.

### files
error-file-unknown = There is no such file; its time may be over.
error-file-too-large = The file is larger than { $limit } bytes.
error-file-altered = The file does not open: it was altered or moved. Tell the operator.
error-master-key-wrong = The master key is not the right one; files do not open. Tell the operator.

### jobs
job-state-waiting = Waiting
job-state-running = Running
job-state-succeeded = Succeeded
job-state-retrying = Retrying
job-state-failed = Failed
job-state-backlog = Backlog
error-job-unknown = There is no such job.
error-job-lost = Another node has taken this job over.
error-job-lease-lost = The node that ran it stopped half way, and no attempts are left.
error-job-not-failed = Only a failed job can begin anew.
error-job-begun = The job has begun and cannot be taken back.
error-job-state-unknown = There is no such state of a job.
