"""What wwtool can do, one module a job: a request, a plan made of it, and a run that reports events.

``plan(request)`` checks the request and changes nothing; ``run(plan, listener, cancel)`` does the work and returns a
result. A command line, a web page and a search over settings call the same three.

Some jobs start worker processes, which import the program's main script again. So a script runs them below
``if __name__ == "__main__":``.
"""
