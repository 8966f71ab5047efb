"""Is everything true right now? One look at a whole control plane: how the changes flow, what is
wrong, how quickly things go, what happened last. Each module is one part of the page.
"""
