"""Several processes that train one model together: who is who, what they say, how they end."""
