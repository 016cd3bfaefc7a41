"""What the REST API has in common: errors, rate limits, JSON, the schema. Its views are the apps'.

`chat_project.api_urls` puts them together under `/api/v1/`.
"""
