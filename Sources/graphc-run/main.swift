print("graphc-run")
