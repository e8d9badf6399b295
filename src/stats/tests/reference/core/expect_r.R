# Expected results of R packages on panel.csv: sandwich (HC2, HC3, two-way), clubSandwich (CR2), MASS (negative
# binomial), and wild bootstrap p-values by enumeration written out here.
#
#     Rscript expect_r.R        # r-base-core, r-cran-sandwich, r-cran-clubsandwich, r-cran-mass, r-cran-jsonlite
library(sandwich)
library(clubSandwich)
library(jsonlite)
d <- read.csv("panel.csv")
d$school_f <- factor(d$school)
d$year_f <- factor(d$year)
cases <- list()
add <- function(id, terms, ..., tolerance = 1e-8) {
  cases[[length(cases) + 1]] <<- list(id = unbox(id), estimator = unbox("ols"), tolerance = unbox(tolerance),
    terms = lapply(terms, function(t) lapply(t, unbox)), ...)
}
u <- unbox
table <- function(b, se, names, df = NULL, p = NULL) {
  out <- lapply(names, function(n) {
    t <- list(estimate = b[[n]], se = se[[n]])
    if (!is.null(df)) t$df <- df[[n]]
    if (!is.null(p)) t$p <- p[[n]]
    t
  })
  setNames(out, names)
}
plain <- lm(score ~ hours + prior, d)
keep <- names(coef(plain))
for (type in c("HC2", "HC3"))
  add(paste("sandwich", type), table(coef(plain), sqrt(diag(vcovHC(plain, type = type))), keep),
    outcome = u("score"), regressors = c("hours", "prior"), vcov = u(tolower(type)))
weighted <- lm(score ~ hours + prior, d, weights = weight)
for (type in c("HC2", "HC3"))
  add(paste("sandwich weighted", type), table(coef(weighted), sqrt(diag(vcovHC(weighted, type = type))), keep),
    outcome = u("score"), regressors = c("hours", "prior"), vcov = u(tolower(type)), weights = u("weight"))
one <- lm(score ~ hours + prior + school_f, d)
for (type in c("HC2", "HC3"))
  add(paste("sandwich school effects", type),
    table(coef(one), sqrt(diag(vcovHC(one, type = type))), c("hours", "prior")),
    outcome = u("score"), regressors = c("hours", "prior"), effects = c("school"), keep_singletons = u(TRUE), vcov = u(tolower(type)))
add("sandwich two-way", table(coef(plain), sqrt(diag(vcovCL(plain, ~ teacher + year, type = "HC1", cadjust = TRUE))), keep),
  outcome = u("score"), regressors = c("hours", "prior"), clusters = c("teacher", "year"), vcov = u("crv1"),
  ssc = list(cluster_factor = u("per_term")))

cr2 <- function(id, model, names, cluster, effects = NULL, weights = NULL, regressors = c("hours", "prior")) {
  v <- vcovCR(model, cluster = d[[cluster]], type = "CR2")
  t <- coef_test(model, vcov = v, test = "Satterthwaite", coefs = names)
  tab <- setNames(lapply(seq_along(names), function(i) list(estimate = t$beta[i], se = t$SE[i], df = t$df[i], p = t$p_Satt[i])), names)
  extra <- list(outcome = u("score"), regressors = regressors, clusters = cluster, vcov = u("cr2"), keep_singletons = u(TRUE))
  if (!is.null(effects)) extra$effects <- effects
  if (!is.null(weights)) extra$weights <- u(weights)
  do.call(add, c(list(id, tab), extra))
}
cr2("CR2 by school", plain, keep, "school")
cr2("CR2 by teacher", plain, keep, "teacher")
cr2("CR2 by school, school effects", one, c("hours", "prior"), "school", "school")
both <- lm(score ~ hours + prior + school_f + year_f, d)
cr2("CR2 by school, school and year effects", both, c("hours", "prior"), "school", c("school", "year"))
cr2("CR2 by teacher, school and year effects", both, c("hours", "prior"), "teacher", c("school", "year"))
time <- lm(score ~ hours + prior + year_f, d)
cr3 <- vcovCR(time, cluster = d$school, type = "CR3")
add("CR3 by school, year effects", table(coef(time), sqrt(diag(cr3)), c("hours", "prior")),
  outcome = u("score"), regressors = c("hours", "prior"), effects = c("year"), keep_singletons = u(TRUE), clusters = c("school"),
  vcov = u("crv3"), ssc = list(adjust_parameters = u(FALSE), adjust_clusters = u(FALSE)))

# Wild cluster bootstrap, null imposed, all sign combinations, weak inequality.
wild <- function(formula, null, term, cluster, data) {
  X <- model.matrix(formula, data); y <- data$score; g <- as.integer(factor(data[[cluster]])); G <- max(g)
  bread <- solve(crossprod(X)); j <- match(term, colnames(X))
  stat <- function(y) {
    b <- drop(bread %*% crossprod(X, y)); e <- drop(y - X %*% b)
    s <- rowsum(X * e, g)
    b[j] / sqrt((bread %*% crossprod(s) %*% bread)[j, j])
  }
  fit0 <- lm(null, data); u0 <- residuals(fit0); y0 <- fitted(fit0)
  t0 <- abs(stat(y)); count <- 0
  for (k in 0:(2^G - 1)) {
    v <- 1 - 2 * (bitwAnd(k, 2^(0:(G - 1))) > 0)
    count <- count + (abs(stat(y0 + u0 * v[g])) >= t0 * (1 - 1e-9))
  }
  count / 2^G
}
add("wild bootstrap by year", list(hours = list(p = wild(score ~ hours + prior, score ~ prior, "hours", "year", d))),
  outcome = u("score"), regressors = c("hours", "prior"), clusters = c("year"), vcov = u("wild"))
add("wild bootstrap by year, teacher effects", list(hours = list(
    p = wild(score ~ hours + prior + factor(teacher), score ~ prior + factor(teacher), "hours", "year", d))),
  outcome = u("score"), regressors = c("hours", "prior"), effects = c("teacher"), keep_singletons = u(TRUE), clusters = c("year"), vcov = u("wild"))
small <- subset(d, school < 8)  # 2^8 draws
add("wild bootstrap by school, school and year effects", list(hours = list(
    p = wild(score ~ hours + prior + school_f + year_f, score ~ prior + school_f + year_f, "hours", "school",
      transform(small, school_f = factor(school))))),
  outcome = u("score"), regressors = c("hours", "prior"), effects = c("school", "year"), keep_singletons = u(TRUE), clusters = c("school"),
  vcov = u("wild"), below = list(school = u(8)))

nb <- MASS::glm.nb(incidents ~ hours + prior, d, control = glm.control(epsilon = 1e-14, maxit = 200))
s <- summary(nb)$coefficients
add("negative binomial", setNames(lapply(keep, function(k) list(estimate = s[k, 1], se = s[k, 2])), keep),
  outcome = u("incidents"), regressors = c("hours", "prior"), vcov = u("iid"), ssc = list(adjust_parameters = u(FALSE)),
  log_likelihood = u(as.numeric(logLik(nb))), tolerance = 1e-6)
cases[[length(cases)]]$estimator <- u("negative_binomial")

version <- paste("expect_r.R with", R.version.string, "sandwich", packageVersion("sandwich"), "clubSandwich", packageVersion("clubSandwich"))
write(toJSON(list(made_by = u(version), data = u("panel.csv"), cases = cases), digits = NA, pretty = TRUE, null = "null"), "r.json")
cat(length(cases), "cases\n")
